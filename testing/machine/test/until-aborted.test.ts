import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { untilAborted } from '../src/until-aborted.ts';

const MODULE = fileURLToPath(new URL('../src/until-aborted.ts', import.meta.url));
/** As `npm run sandbox` waits, in a process that has nothing else to wait for. */
const PROGRAM = `
  import { untilAborted } from ${JSON.stringify(MODULE)};
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort(new Error('told to go')));
  console.log('Ready');
  await untilAborted(stop.signal).catch(({ message }) => console.log(message));
`;

describe('a program that waits to be told to go', () => {
  it('stays without a terminal, as a script starts it, and ends when it is told', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    await once(child.stdout, 'data');
    // A process with nothing to wait for is gone within a turn of its loop.
    const ended = await Promise.race([once(child, 'exit'), delay(1000)]);
    expect(ended, output).toBeUndefined();
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output).toBe('Ready\ntold to go\n');
  });

  it('does not wait where it was told before', async () => {
    await expect(untilAborted(AbortSignal.abort(new Error('told before')))).rejects.toThrow('told before');
  });
});
