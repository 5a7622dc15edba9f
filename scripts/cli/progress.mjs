/** Lines of progress, on stderr, so that stdout holds results only. */

/**
 * The environment of child processes: on a terminal as it is, else without colours. Some programs colour wherever they see
 * CI, and nx asks for colours of all that it runs, so both variables are needed.
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} isTerminal
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutUnwantedColours(env, isTerminal) {
  if (isTerminal || env.FORCE_COLOR) return env;
  return { ...env, NO_COLOR: '1', FORCE_COLOR: '0' };
}

/** @param {string} line */
export function tell(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Seconds since a time in milliseconds, to the tenth.
 * @param {number} start
 */
export function secondsSince(start) {
  return ((Date.now() - start) / 1000).toFixed(1);
}
