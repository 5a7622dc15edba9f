/** Runs a program of this repository whose output is shown only if it fails. */
import { spawn } from 'node:child_process';
import { logProgress, secondsSince } from './progress.mjs';

/**
 * Runs a Node program, with its progress on stderr. If it is interrupted, this process ends too: nothing further is started.
 * @param {string} name shown as progress
 * @param {readonly string[]} args the program and its arguments
 * @param {string} cwd
 * @returns {Promise<boolean>} whether it succeeded; otherwise its output has been printed
 */
export async function runQuietly(name, args, cwd) {
  const { code, output } = await step(name, () => run(args, cwd));
  if (code !== 0) console.log(output.trimEnd());
  return code === 0;
}

/**
 * Shows a step, and how it ended, on stderr.
 * @template {{ code: number }} Result
 * @param {string} name
 * @param {() => Promise<Result>} action
 */
export async function step(name, action) {
  const start = Date.now();
  logProgress(`› ${name} …`);
  const result = await action();
  logProgress(`${result.code === 0 ? '✓' : '✗'} ${name} (${secondsSince(start)} s)`);
  return result;
}

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
        output += chunk;
      });
    }
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
      process.once(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal) process.exit(signal === 'SIGINT' ? 130 : 143);
      resolve({ code: code ?? 1, output });
    });
  });
}
