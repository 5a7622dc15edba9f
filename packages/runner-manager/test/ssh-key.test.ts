import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSshKey, type SshKey } from '../src/job/ssh-key.ts';

let folder: string;
let key: SshKey;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-key-'));
  key = await createSshKey();
  writeFileSync(join(folder, 'key'), key.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'signers'), `manager ${key.publicKey}\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sshKeygen(args: readonly string[], input = ''): string {
  return execFileSync('ssh-keygen', args, { cwd: folder, encoding: 'utf8', input, stdio: 'pipe' });
}

it('is a private key that ssh reads, and that belongs to the public one', () => {
  expect(sshKeygen(['-y', '-f', 'key']).trim()).toBe(key.publicKey);
});

it('signs what the public key verifies', () => {
  const signature = sshKeygen(['-Y', 'sign', '-f', 'key', '-n', 'test'], 'text');
  writeFileSync(join(folder, 'signature'), signature);
  const verify = ['-Y', 'verify', '-f', 'signers', '-I', 'manager', '-n', 'test', '-s', 'signature'];
  expect(sshKeygen(verify, 'text')).toContain('Good "test" signature for manager');
  expect(() => sshKeygen(verify, 'another text')).toThrow();
});

it('differs each time', async () => {
  expect((await createSshKey()).publicKey).not.toBe(key.publicKey);
});
