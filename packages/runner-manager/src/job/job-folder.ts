import { chmod, mkdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createSshKey } from './ssh-key.ts';

/** Files of a running job: keys, ssh's configuration, its control socket. Only the manager's user may read them. */
export interface JobFolder {
  path: string;
  /** Configuration file for `ssh -F`, with a host named `job`. The run hook finds it by this name. */
  sshConfig: string;
  /** The public half of the job's key, one line. */
  publicKey: string;
}

/** Port of the helper's SSH server. */
export const HELPER_PORT = 10022;

/** Folder of a session's files. The run hook builds the same path. */
export function jobFolderPath(stateFolder: string, sessionId: string): string {
  return join(stateFolder, 'jobs', sessionId);
}

/** Creates a session's folder with a new key pair. @throws when it already exists */
export async function createJobFolder(stateFolder: string, sessionId: string): Promise<JobFolder> {
  const path = jobFolderPath(stateFolder, sessionId);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await mkdir(path, { mode: 0o700 });
  await chmod(path, 0o700);
  const { privateKey, publicKey } = await createSshKey();
  await writeFile(join(path, 'key'), privateKey, { mode: 0o600 });
  return { path, sshConfig: join(path, 'ssh_config'), publicKey };
}

/** Gives a session the folder of a task that it claimed. Its files stay where they are, since ssh holds paths to them. */
export async function adoptJobFolder(
  stateFolder: string,
  sessionId: string,
  folder: JobFolder,
): Promise<void> {
  await symlink(folder.path, jobFolderPath(stateFolder, sessionId));
}

/** Writes ssh's configuration, once the task's address is known. */
export async function writeSshConfig(folder: JobFolder, address: string): Promise<void> {
  await writeFile(folder.sshConfig, sshConfig(folder.path, address), { mode: 0o600 });
}

/** Control socket of the shared connection. */
export function controlSocketOf({ path }: Pick<JobFolder, 'path'>): string {
  return join(path, 'connection');
}

/** Removes a job's files, if any. */
export async function removeJobFolder(stateFolder: string, sessionId: string): Promise<void> {
  const path = jobFolderPath(stateFolder, sessionId);
  const adopted = await readlink(path).catch(() => undefined);
  for (const each of [path, ...(adopted ? [adopted] : [])]) await rm(each, { recursive: true, force: true });
}

/**
 * `accept-new` pins the host key of the first answer. The first answer can be trusted: ECS itself reports the address, addresses
 * inside a VPC cannot be taken over, and only managers reach the jobs' security group. To know the host key in advance, its
 * private key would have to be in RunTask's override, where logs show it.
 *
 * Without the key exchange with sntrup761, an ssh of Debian 12 chooses X25519: 15 ms of CPU time instead of 115, of which a manager
 * with a quarter of a vCPU has 250 a second. See docs/security.md.
 */
function sshConfig(path: string, address: string): string {
  return `Host job
  HostName ${address}
  Port ${HELPER_PORT}
  User root
  IdentityFile ${path}/key
  IdentitiesOnly yes
  UserKnownHostsFile ${path}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking accept-new
  ControlPath ${path}/connection
  ControlMaster no
  BatchMode yes
  ConnectTimeout 5
  ServerAliveInterval 10
  ServerAliveCountMax 3
  TCPKeepAlive yes
  Compression no
  KexAlgorithms -sntrup761*
  Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com
  LogLevel ERROR
`;
}
