import type { Logger } from '@aws-lambda-powertools/logger';
import { messageOf } from '../errors.ts';
import { repeat } from '../repeat.ts';
import type { JobRequests } from './runner-metrics.ts';

/** The runner checks its configuration file every 3 s (`ReloadConfigInterval`). */
const RELOAD_MS = 3000;
/** Time for reloading and for a request that was just sent, on a busy machine. */
const MARGIN_MS = 1000;
const POLL_MS = 250;

/** State of a runner that is to leave. */
export interface ClosingRunner {
  /** Undefined if the runner's metrics cannot be read. */
  requests: JobRequests | undefined;
  /** Milliseconds since its configuration was emptied; undefined before. */
  emptiedMs: number | undefined;
  /** Its `check_interval`: it may use the previous configuration for this long. */
  checkIntervalMs: number;
  /** Milliseconds until its configuration is emptied even without an answer from GitLab; negative afterwards. */
  askLeftMs: number;
  /** Milliseconds until it gets SIGQUIT even with open requests. */
  quitLeftMs: number;
}

/** `ask`: keep requesting jobs; `empty` the configuration; `wait` for open requests; `quit`. */
export type ClosingStep = 'ask' | 'empty' | 'wait' | 'quit';

/**
 * Decides the next step towards SIGQUIT. A runner without any answer from GitLab yet (it started slowly, or GitLab was
 * unavailable) keeps requesting, because the job that it was started for may still wait. A runner with an open request keeps its
 * connection, because the answer may be a job.
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

/** Maximum waiting times, in milliseconds. */
export interface CloseTimeouts {
  /** From now on, for GitLab's first answer if it has not answered yet. */
  askMs: number;
  /** After that, for open requests. */
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
 * Stops a runner without losing a job. SIGQUIT alone aborts an open request for a job, which GitLab holds for up to 50 s. If
 * GitLab assigns a job to an aborted request, no runner gets it, and it counts as running until GitLab's own clean-up an hour
 * later. So the runner's configuration is emptied first, which it reloads while it runs, and SIGQUIT follows when no request is
 * open.
 * @returns a function that starts closing, or shortens its timeouts when it has started
 */
export function createRunnerCloser(runner: RunnerToClose): (timeouts: CloseTimeouts) => void {
  let askUntil = Number.POSITIVE_INFINITY;
  let quitMs = Number.POSITIVE_INFINITY;
  let emptiedAt: number | undefined;
  let stopPolling: (() => void) | undefined;

  const empty = async () => {
    emptiedAt = Date.now();
    await runner.emptyConfig().catch((error: unknown) => {
      const fields = { error: messageOf(error) };
      runner.logger.warn("could not empty gitlab-runner's configuration; a job may be lost", fields);
      quitMs = 0;
    });
  };
  const poll = async () => {
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
    stopPolling?.();
    runner.quit();
  };
  return (timeouts) => {
    askUntil = Math.min(askUntil, Date.now() + timeouts.askMs);
    quitMs = Math.min(quitMs, timeouts.quitMs + Date.now() - (emptiedAt ?? Date.now()));
    if (stopPolling) return;
    stopPolling = repeat(POLL_MS, poll);
    void runner.exited.finally(stopPolling);
  };
}
