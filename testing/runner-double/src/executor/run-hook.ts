import { type ChildProcess, spawn } from 'node:child_process';
import { ProcessNotKilledError } from '../errors.ts';

type HookOutput = { write(data: Buffer): void };

export type HookCall = {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdout: HookOutput;
  readonly stderr: HookOutput;
  /** Stops the hook: SIGTERM to its process group, then SIGKILL. */
  readonly signal: AbortSignal;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly gracefulKillTimeout: number;
  /** Milliseconds after SIGKILL until the process is abandoned. */
  readonly forceKillTimeout: number;
};

/** How a process ended: its code, or -1 and the signal's name. */
export type HookExit = { readonly code: number; readonly description: string };

/**
 * Runs an executable in its own process group and streams its output. Settles when the process has exited and its output is
 * closed: as with the real runner, a remaining child that holds the output open also keeps the stage open.
 * @throws ProcessNotKilledError if it survives both signals; the spawn error if it cannot be started
 */
export async function runHook(call: HookCall): Promise<HookExit> {
  const child = spawn(call.file, call.args, {
    cwd: call.directory,
    env: call.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (data: Buffer) => call.stdout.write(data));
  child.stderr.on('data', (data: Buffer) => call.stderr.write(data));
  const exited = new Promise<HookExit>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`failed to start command: ${error.message}`)));
    child.once('close', (code, signal) => resolve(describeExit(code, signal)));
  });
  const killer = startKiller(child, call);
  try {
    return await Promise.race([exited, killer.abandoned]);
  } finally {
    killer.disarm();
  }
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): HookExit {
  if (code !== null) return { code, description: `exit status ${code}` };
  return { code: -1, description: `signal: ${signal ?? 'unknown'}` };
}

/** Sends the two signals after `call.signal` aborts. */
function startKiller(child: ChildProcess, call: HookCall): { abandoned: Promise<never>; disarm(): void } {
  let timer: NodeJS.Timeout | undefined;
  let abandon: (error: Error) => void = () => undefined;
  const abandoned = new Promise<never>((_, reject) => {
    abandon = reject;
  });
  // Usually the process exits first and this promise has no listener.
  abandoned.catch(() => undefined);
  const terminate = () => {
    signalGroup(child, 'SIGTERM');
    timer = setTimeout(() => {
      signalGroup(child, 'SIGKILL');
      timer = setTimeout(() => abandon(new ProcessNotKilledError(child.pid ?? 0)), call.forceKillTimeout);
    }, call.gracefulKillTimeout);
  };
  if (call.signal.aborted) terminate();
  else call.signal.addEventListener('abort', terminate, { once: true });
  return {
    abandoned,
    disarm: () => {
      clearTimeout(timer);
      call.signal.removeEventListener('abort', terminate);
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group no longer exists.
  }
}
