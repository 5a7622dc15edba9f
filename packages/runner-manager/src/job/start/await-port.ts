import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a host accepts TCP connections on a port. @throws the signal's reason when it aborts first */
export type AwaitPort = (host: string, port: number, signal: AbortSignal) => Promise<void>;

const RETRY_MS = 200;
/** A host without a network yet drops what is sent to it, and TCP repeats it more and more rarely. */
const ATTEMPT_MS = 1000;

/**
 * Tries to connect until it succeeds. A task has an address long before its containers run, so that this is what a manager does
 * most of the time while tasks start: it takes a hundredth of the CPU time that starting a program like `ssh` takes.
 */
export const awaitPort: AwaitPort = async (host, port, signal) => {
  for (;;) {
    signal.throwIfAborted();
    if (await accepts(host, port, signal)) return;
    signal.throwIfAborted();
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
};

function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  const socket = createConnection({ host, port });
  const giveUp = () => socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  socket.setTimeout(ATTEMPT_MS, giveUp);
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    // Without a listener, an error would end the process.
    socket.on('error', () => {});
    socket.once('close', () => resolve(false));
  }).finally(() => {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  });
}
