import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { repeat } from '../repeat.ts';
import type { JobRequests } from './runner-metrics.ts';

/** The runner looks at its configuration's file every 3 s (`ReloadConfigInterval`). */
const RELOAD_MS = 3000;
/** What a look and a started request may take on a busy machine. */
const MARGIN_MS = 1000;
const LOOK_EVERY_MS = 250;

/** What is known of a runner that is to leave. */
export interface ClosingRunner {
  /** Undefined when the runner does not say. */
  requests: JobRequests | undefined;
  /** Since its configuration was emptied; undefined before. */
  emptiedMs: number | undefined;
  /** Its `check_interval`: so long it may go on with what it read before. */
  checkIntervalMs: number;
  /** Until it has to leave whatever GitLab answers; negative when that is over. */
  askLeftMs: number;
  /** Until it is told to quit whatever is open. */
  quitLeftMs: number;
}

/** `ask` GitLab on; `empty` its configuration; `wait` for what is open; `quit`. */
export type ClosingStep = 'ask' | 'empty' | 'wait' | 'quit';

/**
 * What comes next on the way to SIGQUIT. A runner whom GitLab has not answered once (it was slow to start, GitLab was away) was started for a
 * job that may still wait: it asks on. One that may be answered with a job keeps its connection.
 */
export function nextClosingStep(runner: ClosingRunner): ClosingStep {
  const { requests, emptiedMs, checkIntervalMs, askLeftMs, quitLeftMs } = runner;
  if (emptiedMs === undefined) {
    const hasAsked = requests !== undefined && requests.answered > 0;
    return hasAsked || askLeftMs <= 0 ? 'empty' : 'ask';
  }
  if (quitLeftMs <= 0) return 'quit';
  const hasRead = emptiedMs >= RELOAD_MS + checkIntervalMs + MARGIN_MS;
  return hasRead && requests?.open === 0 ? 'quit' : 'wait';
}

/** Longest times, in milliseconds from now. */
export interface Patience {
  /** For GitLab's first answer, if there was none. */
  askMs: number;
  /** And then for open requests. */
  quitMs: number;
}

export interface RunnerToClose {
  /** Writes a configuration without runners. */
  emptyConfig(): Promise<void>;
  jobRequests(): Promise<JobRequests | undefined>;
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
 * @returns a function that begins, or makes it quicker when it has begun
 */
export function createRunnerCloser(runner: RunnerToClose): (patience: Patience) => void {
  let askUntil = Number.POSITIVE_INFINITY;
  let quitMs = Number.POSITIVE_INFINITY;
  let emptiedAt: number | undefined;
  let stopLooking: (() => void) | undefined;

  const empty = async () => {
    emptiedAt = Date.now();
    await runner.emptyConfig().catch((error: unknown) => {
      const fields = { error: messageOf(error) };
      runner.logger.warn("could not empty gitlab-runner's configuration: a job may be lost", fields);
      quitMs = 0;
    });
  };
  const look = async () => {
    const requests = await runner.jobRequests();
    const now = Date.now();
    const step = nextClosingStep({
      requests,
      emptiedMs: emptiedAt === undefined ? undefined : now - emptiedAt,
      checkIntervalMs: runner.checkIntervalMs,
      askLeftMs: askUntil - now,
      quitLeftMs: (emptiedAt ?? now) + quitMs - now,
    });
    if (step === 'empty') return empty();
    if (step !== 'quit') return;
    stopLooking?.();
    runner.quit();
  };
  return (patience) => {
    askUntil = Math.min(askUntil, Date.now() + patience.askMs);
    quitMs = Math.min(quitMs, patience.quitMs + Date.now() - (emptiedAt ?? Date.now()));
    if (stopLooking) return;
    stopLooking = repeat(LOOK_EVERY_MS, look);
    void runner.exited.finally(stopLooking);
  };
}
