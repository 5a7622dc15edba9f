import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askHelper, HelperAnswerError } from '../src/job/run/ask-helper.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ask-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Asks an `ssh` that does as the shell lines say. */
async function ask(lines: string, options: Parameters<typeof askHelper>[3] = {}) {
  await writeFile(join(folder, 'ssh'), `#!/bin/sh\n${lines}\n`);
  await chmod(join(folder, 'ssh'), 0o755);
  return askHelper(
    ['-F', 'config', 'job'],
    { PATH: `${folder}:${process.env.PATH ?? ''}` },
    'ready',
    options,
  );
}

describe('an answer of the helper', () => {
  it('is what the command printed, whatever its exit code', async () => {
    expect(await ask('echo "$4"; cat; echo words >&2; exit 3', { input: 'input' })).toEqual({
      stdout: 'ready\ninput',
      stderr: 'words\n',
    });
  });

  it('comes after the command has read all pieces of its input', async () => {
    const { stdout } = await ask('wc -c', { input: Array.from({ length: 8 }, () => 'ü'.repeat(100_000)) });
    expect(stdout.trim()).toBe('1600000');
  });

  it('may be 64 KiB long', async () => {
    const { stdout } = await ask('head -c 65536 /dev/zero');
    expect(stdout).toHaveLength(65_536);
  });

  it.each([
    ['its output', 'exec cat /dev/zero'],
    ['its words', 'exec cat /dev/zero >&2'],
  ])('is refused, and ssh killed, when %s has no end', async (_, lines) => {
    const before = process.memoryUsage().rss;
    await expect(ask(`echo $$ > '${folder}/pid'; ${lines}`)).rejects.toThrow(HelperAnswerError);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('does not buffer input: pieces are produced as the helper reads them', async () => {
    let made = 0;
    function* pieces() {
      for (; made < 100; made += 1) yield 'x'.repeat(1 << 20);
    }
    await expect(ask('exec sleep 60', { input: pieces(), deadlineMs: 500 })).rejects.toThrow(
      HelperAnswerError,
    );
    expect(made).toBeLessThan(5);
  });

  it('is refused when it comes too late', async () => {
    await expect(ask('exec sleep 60', { deadlineMs: 200 })).rejects.toThrow(/did not answer within 200 ms/);
  });

  it('is not awaited after the caller aborts', async () => {
    const wanted = new AbortController();
    const answer = ask('exec sleep 60', { signal: wanted.signal });
    setTimeout(() => wanted.abort(), 100);
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is a system failure when the connection is gone', async () => {
    await expect(ask('echo "Connection closed" >&2; exit 255')).rejects.toThrow(
      'The connection to the job task failed: Connection closed',
    );
  });
});
