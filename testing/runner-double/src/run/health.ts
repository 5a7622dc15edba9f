import type { RunnerConfig } from '../config.ts';
import { formatGoDuration, parseGoDuration } from '../durations.ts';
import type { Logger } from '../log.ts';

/** Tracks whether a runner may request jobs: consecutive rejections (403) disable it temporarily. */
export class Health {
  readonly #runner: RunnerConfig;
  readonly #log: Logger;
  readonly #now: () => number;
  #failures = 0;
  #lastCheck: number;

  constructor(runner: RunnerConfig, log: Logger, now: () => number = Date.now) {
    this.#runner = runner;
    this.#log = log;
    this.#now = now;
    this.#lastCheck = now();
  }

  get #interval(): number {
    return parseGoDuration(this.#runner.unhealthy_interval) ?? 3_600_000;
  }

  get #id(): string {
    return this.#runner.url + this.#runner.token;
  }

  isHealthy(): boolean {
    if (this.#failures < this.#runner.unhealthy_requests_limit) return true;
    if (this.#now() - this.#lastCheck <= this.#interval) return false;
    this.#log.warning(`Runner "${this.#id}" is not healthy, but check for a new job will be forced!`, {
      unhealthy_requests: this.#failures,
      unhealthy_requests_limit: this.#runner.unhealthy_requests_limit,
    });
    this.#failures = 0;
    this.#lastCheck = this.#now();
    return true;
  }

  record(healthy: boolean): void {
    if (healthy) {
      this.#failures = 0;
      this.#lastCheck = this.#now();
      return;
    }
    this.#failures += 1;
    if (this.#failures < this.#runner.unhealthy_requests_limit) return;
    this.#log.error(
      `Runner "${this.#id}" is unhealthy and will be disabled for ${formatGoDuration(this.#interval)} seconds!`,
      {
        unhealthy_requests: this.#failures,
        unhealthy_requests_limit: this.#runner.unhealthy_requests_limit,
      },
    );
  }
}
