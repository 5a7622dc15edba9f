import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemFailureError } from '../errors.ts';
import { type JobFolder, writeSshConfig } from './job-folder.ts';

/** What a command through the connection printed. */
export interface CommandOutput {
  stdout: string;
  stderr: string;
}

/** The one SSH connection of a job. The run hook's `ssh` uses it too, so that a job makes one handshake. */
export interface JobConnection {
  /**
   * Asks the helper for something (see `images/job-base/helper/dispatch`).
   * @param input what the command reads
   * @throws {SystemFailureError} when the connection fails; the command's own failures are in its output
   */
  ask(command: string, options?: { input?: string; signal?: AbortSignal }): Promise<CommandOutput>;
  close(): void;
}

export interface ConnectSettings {
  folder: JobFolder;
  address: string;
  /** Environment of `ssh`. */
  environment: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

const MS_BETWEEN_TRIES = 300;

/** Connects as soon as the helper listens: tries again and again until it does or the signal aborts. */
export async function openConnection(settings: ConnectSettings): Promise<JobConnection> {
  const { folder, address, environment, signal } = settings;
  await writeSshConfig(folder, address);
  for (;;) {
    signal.throwIfAborted();
    const master = await tryToConnect(folder, environment);
    if (master && signal.aborted) master.kill();
    if (master) return connectionOf(folder, environment, master);
    await sleep(MS_BETWEEN_TRIES, undefined, { signal });
  }
}

/** One try. `ssh` says "connected" itself, when authentication is done and the control socket is there. */
function tryToConnect(
  folder: JobFolder,
  environment: Readonly<Record<string, string>>,
): Promise<ChildProcess | undefined> {
  const options = [
    '-o',
    'ControlMaster=yes',
    '-o',
    'PermitLocalCommand=yes',
    '-o',
    'LocalCommand=echo connected',
  ];
  const master = spawn('ssh', ['-F', folder.sshConfig, '-N', ...options, 'job'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
    // A signal to the manager's process group must not end the job's connection.
    detached: true,
  });
  return new Promise((resolve) => {
    master.stdout.once('data', () => resolve(master));
    master.once('error', () => resolve(undefined));
    master.once('close', () => resolve(undefined));
  });
}

function connectionOf(
  folder: JobFolder,
  environment: Readonly<Record<string, string>>,
  master: ChildProcess,
): JobConnection {
  return {
    ask: (command, options = {}) => ask(folder, environment, command, options),
    close: () => void master.kill(),
  };
}

function ask(
  folder: JobFolder,
  environment: Readonly<Record<string, string>>,
  command: string,
  { input = '', signal }: { input?: string; signal?: AbortSignal },
): Promise<CommandOutput> {
  // Without its master, ssh would open a connection of its own: `-o ProxyCommand=false` leaves it only the shared one.
  const child = spawn('ssh', ['-F', folder.sshConfig, '-o', 'ProxyCommand=false', 'job', command], {
    env: environment,
    ...(signal ? { signal } : {}),
  });
  const output: CommandOutput = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  // A helper that ends while it is written to is told by the exit code.
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 255) return resolve(output);
      reject(new SystemFailureError(`the connection to the job task failed: ${output.stderr.trim()}`));
    });
  });
}
