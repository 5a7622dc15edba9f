import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { repeat } from '../repeat.ts';

/** The runner looks at its configuration's file every 3 s (`ReloadConfigInterval`). */
const RELOAD_MS = 3000;
/** What a look and a started request may take on a busy machine. */
const MARGIN_MS = 1000;
const LOOK_EVERY_MS = 250;

/** What is known of a runner whose configuration names no runner any more. */
export interface ClosingRunner {
  /** Since the configuration was emptied. */
  elapsedMs: number;
  /** Requests for a job that GitLab has not answered; undefined when the runner does not say. */
  openRequests: number | undefined;
  /** Its `check_interval`: so long it may go on with what it read before. */
  checkIntervalMs: number;
  /** After so long it is told to quit whatever it does. */
  patienceMs: number;
}

/**
 * Whether the runner may be sent SIGQUIT without a job being lost: it has read that there is nothing to ask for, and no
 * answer of GitLab is under way that might be a job.
 */
export function mayQuit({ elapsedMs, openRequests, checkIntervalMs, patienceMs }: ClosingRunner): boolean {
  if (elapsedMs >= patienceMs) return true;
  return openRequests === 0 && elapsedMs >= RELOAD_MS + checkIntervalMs + MARGIN_MS;
}

export interface RunnerToClose {
  /** Writes a configuration without runners. */
  emptyConfig(): Promise<void>;
  openRequests(): Promise<number | undefined>;
  /** SIGQUIT. */
  quit(): void;
  /** Settles when the runner has exited. */
  exited: Promise<unknown>;
  checkIntervalMs: number;
  logger: Logger;
}

/**
 * Ends a runner without losing a job. SIGQUIT alone cuts the request for a job that is open, long-polled up to 50 s by
 * GitLab: a job that GitLab gives out in that moment reaches nobody, and counts as running until GitLab's own clean-up an hour later.
 * So the runner's configuration is emptied first, which it reads while it runs, and SIGQUIT follows when no request is open.
 * @returns a function that begins, or makes it quicker when it has begun; the time is the longest to wait before SIGQUIT
 */
export function createRunnerCloser(runner: RunnerToClose): (patienceMs: number) => void {
  let deadline = Number.POSITIVE_INFINITY;
  let begun = false;
  const close = async () => {
    const emptiedAt = Date.now();
    await runner.emptyConfig().catch((error: unknown) => {
      const fields = { error: messageOf(error) };
      runner.logger.warn("could not empty gitlab-runner's configuration: a job may be lost", fields);
      deadline = 0;
    });
    const stopLooking = repeat(LOOK_EVERY_MS, async () => {
      const openRequests = await runner.openRequests();
      const elapsedMs = Date.now() - emptiedAt;
      const patienceMs = deadline - emptiedAt;
      if (!mayQuit({ elapsedMs, openRequests, checkIntervalMs: runner.checkIntervalMs, patienceMs })) return;
      stopLooking();
      runner.quit();
    });
    await runner.exited;
    stopLooking();
  };
  return (patienceMs) => {
    deadline = Math.min(deadline, Date.now() + patienceMs);
    if (begun) return;
    begun = true;
    void close();
  };
}
