import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** The helper's programs, as they are in its image; Perl is in every Debian. */
const HELPER = fileURLToPath(new URL('../../../images/job-base/helper/', import.meta.url));
const run = promisify(execFile);

let folder: string;
let env: Record<string, string>;
let server: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'channels-'));
  env = { JOB_CHANNELS: join(folder, 'channels'), JOB_HELPER_STATE: folder, PATH: process.env.PATH ?? '' };
  for (const name of ['svc-0', 'svc-1']) await mkdir(channel(name), { recursive: true });
  server = serve();
  await vi.waitFor(async () => expect((await stat(channel('svc-1/environment'))).isFIFO()).toBe(true));
});

afterEach(async () => {
  server.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const channel = (path: string) => join(folder, 'channels', path);
const serve = () => spawn('perl', [`${HELPER}service-channels`], { env, stdio: 'inherit' });
const tail = async (name: string) =>
  (await run('perl', [`${HELPER}service-channels`, 'tail', name], { env })).stdout;

/** As a service does, whose output is a FIFO that it has open for reading, too. */
async function write(name: string, ...pieces: string[]): Promise<void> {
  const output = await open(channel(`${name}/output`), 'r+');
  for (const piece of pieces) await output.write(piece);
  await output.close();
}

/** Hands environments to the helper; what it answers. */
async function bring(bytes: string, ...names: (string | number)[]): Promise<string> {
  const child = spawn('perl', [`${HELPER}service-environment`, ...names.map(String)], { env });
  child.stdin.end(bytes);
  return text(child.stderr);
}

describe('the output of services', () => {
  it('is kept separately, and read as it arrives', async () => {
    await Promise.all([write('svc-0', 'a\n', 'b\n'), write('svc-1', 'c\n')]);
    expect([await tail('svc-0'), await tail('svc-1')]).toEqual(['a\nb\n', 'c\n']);
    await write('svc-0', 'd\n');
    expect(await tail('svc-0')).toBe('a\nb\nd\n');
  });

  it('is dropped beyond the last 16 KiB, and never blocks them', async () => {
    const piece = `${'x'.repeat(1023)}\n`;
    await write('svc-0', ...Array.from({ length: 2000 }, () => piece), 'the end\n');
    const kept = await tail('svc-0');
    expect(kept).toHaveLength(16_384);
    expect(kept.endsWith('x\nthe end\n')).toBe(true);
  });

  it('is read by another reader after one ends, and is not lost meanwhile', async () => {
    const output = await open(channel('svc-0/output'), 'r+');
    server.kill('SIGKILL');
    await new Promise((resolve) => server.once('close', resolve));
    await output.write('written meanwhile\n');
    await expect(tail('svc-0')).rejects.toMatchObject({
      stderr: expect.stringContaining('no output of svc-0 is kept'),
    });
    server = serve();
    await vi.waitFor(async () => expect(await tail('svc-0')).toBe('written meanwhile\n'));
    await output.close();
  });

  it.each(['svc-9', '../svc-0', 'svc-0/../svc-1', ''])('of "%s" is not available', async (name) => {
    await expect(tail(name)).rejects.toMatchObject({ code: expect.any(Number) });
  });
});

describe('environments', () => {
  it('are passed on completely as soon as their services read', async () => {
    const bytes = `1\0A=${'é\n'.repeat(100_000)}\0`;
    const sizes = ['svc-0', 4, 'svc-1', Buffer.byteLength(bytes)];
    expect(await bring(`1\0A\0${bytes}`, ...sizes)).toBe('job-helper: taken\n');
    const read = async (name: string) => {
      const reader = await open(channel(`${name}/environment`), 'r');
      return text(reader.createReadStream());
    };
    expect([await read('svc-1'), await read('svc-0')]).toEqual([bytes, '1\0A\0']);
  });

  it.each([
    ['svc-0', 5, 'abc', 'incomplete environment'],
    ['svc-0', 5_000_000, '', 'environment too large'],
    ['../svc-0', 3, 'abc', 'no service of this name'],
  ])('of %s with an announced size of %d bytes are refused', async (name, size, bytes, words) => {
    expect(await bring(bytes, name, size)).toBe(`job-helper: ${words}\n`);
  });
});
