import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs that open a file in the browser, by platform. */
const OPENERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/**
 * Opens a URL that holds a secret in the browser. Other users can read the arguments of a process, so the browser is given a file
 * that only this user can read, and that leads to the URL. Returns a function that removes it.
 * @param onProblem called if no browser can be opened
 */
export function openBrowser(url: string, onProblem: () => void): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'sgr-ui-'));
  const file = join(folder, 'open.html');
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${url}">\n`, { mode: 0o600 });
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, file], { stdio: 'ignore', detached: true });
  child.on('error', onProblem);
  child.on('exit', (code) => {
    if (code) onProblem();
  });
  child.unref();
  return () => rmSync(folder, { recursive: true, force: true });
}
