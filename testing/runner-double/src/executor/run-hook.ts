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
  /** Ends the hook: SIGTERM to its process group, then SIGKILL. */
  readonly signal: AbortSignal;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly gracefulKillTimeout: number;
  /** Milliseconds after SIGKILL until the process is left behind. */
  readonly forceKillTimeout: number;
};

/** How a process ended: its code, or -1 and the signal's name. */
export type HookExit = { readonly code: number; readonly how: string };

/**
 * Runs an executable in a process group of its own and streams its output. Settles when the process has ended and its output is
 * closed: a child that it leaves behind with that output open keeps the stage open too, as with the real runner.
 * @throws ProcessNotKilledError when it survives both signals; the spawn error when it cannot be started.
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
    return await Promise.race([exited, killer.gaveUp]);
  } finally {
    killer.disarm();
  }
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): HookExit {
  if (code !== null) return { code, how: `exit status ${code}` };
  return { code: -1, how: `signal: ${signal ?? 'unknown'}` };
}

/** Sends the two signals once `call.signal` is aborted. */
function startKiller(child: ChildProcess, call: HookCall): { gaveUp: Promise<never>; disarm(): void } {
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (error: Error) => void = () => undefined;
  const gaveUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  // The race is often won by the exit: then nobody listens to this one.
  gaveUp.catch(() => undefined);
  const terminate = () => {
    signalGroup(child, 'SIGTERM');
    timer = setTimeout(() => {
      signalGroup(child, 'SIGKILL');
      timer = setTimeout(() => giveUp(new ProcessNotKilledError(child.pid ?? 0)), call.forceKillTimeout);
    }, call.gracefulKillTimeout);
  };
  if (call.signal.aborted) terminate();
  else call.signal.addEventListener('abort', terminate, { once: true });
  return {
    gaveUp,
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
    // The group is gone already.
  }
}
