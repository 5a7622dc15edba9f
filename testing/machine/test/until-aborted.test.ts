import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { untilAborted } from '../src/until-aborted.ts';

const MODULE = fileURLToPath(new URL('../src/until-aborted.ts', import.meta.url));
/** Waits like `npm run sandbox`, in a process that has nothing else to wait for. */
const PROGRAM = `
  import { untilAborted } from ${JSON.stringify(MODULE)};
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort(new Error('terminated')));
  console.log('Ready');
  await untilAborted(stop.signal).catch(({ message }) => console.log(message));
`;

describe('a program that waits for a signal', () => {
  it('keeps running without a terminal until it gets SIGTERM', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    await once(child.stdout, 'data');
    // A process with nothing to wait for ends within one turn of its event loop.
    const ended = await Promise.race([once(child, 'exit'), delay(1000)]);
    expect(ended, output).toBeUndefined();
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output).toBe('Ready\nterminated\n');
  });

  it('does not wait if the signal has already aborted', async () => {
    const signal = AbortSignal.abort(new Error('terminated before'));
    await expect(untilAborted(signal)).rejects.toThrow('terminated before');
  });
});
