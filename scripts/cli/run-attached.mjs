import { spawn } from 'node:child_process';

const EXIT_CODES = /** @type {Partial<Record<NodeJS.Signals, number>>} */ ({ SIGINT: 130, SIGTERM: 143 });

/**
 * Runs a script on this terminal. Signals are forwarded to the child, which cleans up and determines the exit code.
 * @param {string} node path of the Node binary
 * @param {readonly string[]} script path and arguments
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code
 */
export function runAttached(node, script, options) {
  const child = spawn(node, script, { ...options, stdio: 'inherit' });
  // Forwarded even if the terminal signalled the whole group: the child cleans up once, however many signals it gets.
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  // npm may be killed without forwarding the signal, so a lost parent ends the child too.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(code ?? (signal && EXIT_CODES[signal]) ?? 1);
    });
  });
}
