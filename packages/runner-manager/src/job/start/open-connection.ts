import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemFailureError } from '../../errors.ts';
import { limitConcurrency } from '../../limit-concurrency.ts';
import { controlSocketOf, HELPER_PORT, type JobFolder, writeSshConfig } from '../job-folder.ts';
import { type AskOptions, askHelper, type CommandOutput } from '../run/ask-helper.ts';
import type { AwaitPort } from './await-port.ts';

/** The SSH connection of a job. The run hook's `ssh` shares it, so that a job needs one handshake only. */
export interface JobConnection {
  /**
   * Sends a request to the helper (see `images/job-base/helper/dispatch`). Some requests run concurrently, further ones wait.
   * @throws {HelperAnswerError} when the answer is too long or too late
   * @throws {SystemFailureError} when the connection fails; the command's own failures are in its output
   */
  ask(command: string, options?: AskOptions): Promise<CommandOutput>;
  /**
   * Reconnects after the connection broke: retries until the helper answers with the same host key.
   * @throws when the signal aborts first, or the connection was closed on purpose
   */
  reopen(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface ConnectSettings {
  folder: JobFolder;
  address: string;
  /** Environment of `ssh`. */
  environment: Readonly<Record<string, string>>;
  awaitPort: AwaitPort;
  signal: AbortSignal;
}

const RETRY_MS = 300;
/** Concurrent requests of a job. The helper's SSH server accepts 20 sessions, including stages. */
const MAX_REQUESTS = 4;

/** Connects as soon as the helper listens: retries until it does or the signal aborts. */
export async function openConnection(settings: ConnectSettings): Promise<JobConnection> {
  await writeSshConfig(settings.folder, settings.address);
  return connectionOf(settings, await connect(settings, settings.signal));
}

async function connect(
  { folder, address, environment, awaitPort }: ConnectSettings,
  signal: AbortSignal,
): Promise<ChildProcess> {
  for (;;) {
    await awaitPort(address, HELPER_PORT, signal);
    signal.throwIfAborted();
    const master = await tryToConnect(folder, environment, signal);
    if (master && signal.aborted) master.kill();
    signal.throwIfAborted();
    if (master) return master;
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/**
 * One attempt, which the signal ends. `ssh` itself prints "connected" when authentication is done and the control socket
 * exists.
 */
function tryToConnect(
  folder: JobFolder,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
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
  const giveUp = () => master.kill('SIGKILL');
  signal.addEventListener('abort', giveUp, { once: true });
  const connected = new Promise<ChildProcess | undefined>((resolve) => {
    master.stdout.once('data', () => resolve(master));
    master.once('error', () => resolve(undefined));
    master.once('close', () => resolve(undefined));
  });
  return connected.finally(() => signal.removeEventListener('abort', giveUp));
}

function connectionOf(settings: ConnectSettings, first: ChildProcess): JobConnection {
  const { folder, environment } = settings;
  // Without its master, ssh would open a connection of its own. `-o ProxyCommand=false` restricts it to the shared one.
  const args = ['-F', folder.sshConfig, '-o', 'ProxyCommand=false', 'job'];
  const limit = limitConcurrency(MAX_REQUESTS);
  let master = first;
  let isClosed = false;
  return {
    ask: (command, options) => limit(() => askHelper(args, environment, command, options)),
    async reopen(signal) {
      if (isClosed) throw new SystemFailureError('the connection to the job task is closed');
      await end(master);
      // A master that finds an existing socket would not serve the hooks.
      await rm(controlSocketOf(folder), { force: true });
      master = await connect(settings, signal);
      if (isClosed) master.kill();
    },
    close() {
      isClosed = true;
      master.kill();
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}
