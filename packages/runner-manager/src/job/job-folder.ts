import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Files of one job while it runs: keys, ssh's configuration, its control socket. Only the manager's user may read them. */
export interface JobFolder {
  path: string;
  /** Configuration that `ssh -F` takes, with a host named `job`; the run hook finds it by this name. */
  sshConfig: string;
  /** The public half of the job's key, one line. */
  publicKey: string;
}

/** Port of the helper's SSH server. */
const HELPER_PORT = 10022;

/** Where a session's files are: the run hook builds the same path. */
export function jobFolderPath(stateFolder: string, sessionId: string): string {
  return join(stateFolder, 'jobs', sessionId);
}

/** Makes a session's folder, with a key pair of its own. @throws when it is there already */
export async function createJobFolder(stateFolder: string, sessionId: string): Promise<JobFolder> {
  const path = jobFolderPath(stateFolder, sessionId);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await mkdir(path, { mode: 0o700 });
  await chmod(path, 0o700);
  const key = join(path, 'key');
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  return { path, sshConfig: join(path, 'ssh_config'), publicKey };
}

/** Writes ssh's configuration once the task's address is known. */
export async function writeSshConfig(folder: JobFolder, address: string): Promise<void> {
  await writeFile(folder.sshConfig, sshConfig(folder.path, address), { mode: 0o600 });
}

/** The socket at which the shared connection is found. */
export function controlSocketOf({ path }: Pick<JobFolder, 'path'>): string {
  return join(path, 'connection');
}

/** Removes a job's files; none is no error. */
export async function removeJobFolder(stateFolder: string, sessionId: string): Promise<void> {
  await rm(jobFolderPath(stateFolder, sessionId), { recursive: true, force: true });
}

/**
 * `accept-new` pins the host key that answers first. Who answers is known without it: ECS itself reports the address,
 * inside a VPC addresses cannot be taken over, and only managers reach the jobs' security group. A host key known
 * before would be a private key in RunTask's override, where logs show it.
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
  Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com
  LogLevel ERROR
`;
}
