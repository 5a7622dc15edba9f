import type { Log } from './progress.ts';

/** Undoes what a command started: newest first, once, however the command ends. */
export class Cleanup {
  readonly #undo: { name: string; run: () => Promise<void> }[] = [];
  readonly #log: Log;
  #running: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, run: () => Promise<void>): void {
    this.#undo.push({ name, run });
  }

  /** Undoes everything. A step that fails is logged and does not prevent the others. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    for (let entry = this.#undo.pop(); entry; entry = this.#undo.pop()) {
      try {
        await entry.run();
      } catch (error) {
        this.#log(
          `Could not clean up ${entry.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
}

/** The command received SIGINT or SIGTERM. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Interrupted by ${signal}`);
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

/** Aborts with an InterruptedError at the first SIGINT or SIGTERM. Later signals are ignored, so that cleaning up completes. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => controller.abort(new InterruptedError(signal)));
  }
  return controller.signal;
}

/** Settles as `work` does, or rejects as soon as `signal` aborts. */
export function unlessInterrupted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, interrupted]);
}
