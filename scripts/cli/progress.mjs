/** Progress goes to stderr, so that stdout contains only results. */

/**
 * The environment for child processes: unchanged on a terminal, otherwise without colours. Some programs use colours whenever
 * they detect CI, and nx requests colours from everything it runs, so both variables are needed.
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} isTerminal
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutUnwantedColours(env, isTerminal) {
  if (isTerminal || env.FORCE_COLOR) return env;
  return { ...env, NO_COLOR: '1', FORCE_COLOR: '0' };
}

/** @param {string} line */
export function logProgress(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Seconds since a time in milliseconds, to the tenth.
 * @param {number} start
 */
export function secondsSince(start) {
  return ((Date.now() - start) / 1000).toFixed(1);
}
