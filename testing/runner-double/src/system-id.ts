import { createHmac, randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const LENGTH = 12;
const PATTERN = /^[sr]_[0-9a-zA-Z]{12}$/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/**
 * Returns the id by which GitLab distinguishes managers with the same token. It is stored in `.runner_system_id` next to the
 * configuration file. If missing, it is derived from the machine id (`s_…`) or, in a container, generated at random (`r_…`).
 */
export async function loadSystemId(configFile: string): Promise<string> {
  const file = join(dirname(configFile), '.runner_system_id');
  const stored = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (PATTERN.test(stored)) return stored;
  const id = await createSystemId();
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, id, { mode: 0o600 });
  return id;
}

async function createSystemId(): Promise<string> {
  const machine = (await readFile('/etc/machine-id', 'utf8').catch(() => '')).trim();
  if (machine !== '') {
    return `s_${createHmac('sha256', machine).update('gitlab-runner').digest('hex').slice(0, LENGTH)}`;
  }
  let id = 'r_';
  while (id.length < LENGTH + 2) id += ALPHABET[randomInt(ALPHABET.length)] ?? '';
  return id;
}
