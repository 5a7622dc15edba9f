import { setTimeout as delay } from 'node:timers/promises';
import type { FaultEnvironment } from './fault-environment.ts';

/** Shorter than the schedule's interval of a minute. The schedule continues concurrently. */
const SWEEP_INTERVAL_MS = 3000;

/** Runs additional sweeps of the reaper at a short interval. */
export class Reaper {
  readonly #environment: FaultEnvironment;
  #loop: { stop: AbortController; done: Promise<void> } | undefined;

  constructor(environment: FaultEnvironment) {
    this.#environment = environment;
  }

  /** Starts to sweep every three seconds. */
  run(): void {
    if (this.#loop) return;
    const stop = new AbortController();
    this.#loop = { stop, done: this.#sweepUntil(stop.signal) };
  }

  /** Stops the additional sweeps. Those of the schedule and of stopped tasks continue. */
  async pause(): Promise<void> {
    this.#loop?.stop.abort();
    await this.#loop?.done;
    this.#loop = undefined;
  }

  /** Runs one sweep. */
  async sweep(): Promise<void> {
    await this.#environment.lambdas.sweep();
  }

  async #sweepUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // A fault may make a sweep fail; the next one follows.
      await this.sweep().catch(() => undefined);
      await delay(SWEEP_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
