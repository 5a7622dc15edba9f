import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openConnection } from '../src/job/start/open-connection.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-connection-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

it('is given up at once when its signal aborts, also while ssh waits for an answer', async () => {
  const ssh = join(folder, 'ssh');
  // A task that accepts the connection and says nothing.
  await writeFile(ssh, `#!/bin/sh\necho $$ > '${folder}/pid'\nexec sleep 600\n`);
  await chmod(ssh, 0o755);
  const abort = new AbortController();
  const opened = openConnection({
    folder: { path: folder, sshConfig: join(folder, 'ssh_config'), publicKey: '' },
    address: '192.0.2.1',
    environment: { PATH: `${folder}:${process.env.PATH ?? ''}` },
    awaitPort: async () => {},
    signal: abort.signal,
  });
  const settled = expect(opened).rejects.toThrow('canceled');
  const pid = await vi.waitFor(async () => Number.parseInt(await readFile(join(folder, 'pid'), 'utf8'), 10));
  abort.abort(new Error('canceled'));
  await settled;
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
