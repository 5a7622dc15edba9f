import { setTimeout as delay } from 'node:timers/promises';
import type { FaultEnvironment } from './fault-environment.ts';

/** Instead of the minute between two sweeps of the schedule, which goes on beside it. */
const SWEEP_INTERVAL_MS = 3000;

/** Makes the reaper's minute short, or takes the reaper away. */
export class Reaper {
  readonly #environment: FaultEnvironment;
  #loop: { stop: AbortController; done: Promise<void> } | undefined;

  constructor(environment: FaultEnvironment) {
    this.#environment = environment;
  }

  /** Sweeps every three seconds from now on. */
  run(): void {
    if (this.#loop) return;
    const stop = new AbortController();
    this.#loop = { stop, done: this.#sweepUntil(stop.signal) };
  }

  /** No more sweeps but those of the schedule and of tasks that stop. */
  async pause(): Promise<void> {
    this.#loop?.stop.abort();
    await this.#loop?.done;
    this.#loop = undefined;
  }

  /** One sweep now. */
  async sweep(): Promise<void> {
    await this.#environment.lambdas.sweep();
  }

  async #sweepUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // A sweep that the fault lets fail is followed by the next one.
      await this.sweep().catch(() => undefined);
      await delay(SWEEP_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
