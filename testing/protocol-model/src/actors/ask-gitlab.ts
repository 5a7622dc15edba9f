import type { ClosingRunner, nextClosingStep } from '@serverless-gitlab-runner/runner-manager';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { GitLab, GitLabJob } from './gitlab.ts';

/** State of a manager's runner that requests jobs from GitLab. */
export interface RequestingRunner {
  /** `closing`: drained, but GitLab may still assign it a job; `finishing`: its runner has received SIGQUIT. */
  phase: 'starting' | 'taking' | 'closing' | 'finishing' | 'leaving' | 'ended';
  readonly jobs: Set<GitLabJob>;
  /** A job that GitLab has assigned, in a response in flight. */
  answer: GitLabJob | undefined;
  closing: Closing | undefined;
  isPolling: boolean;
}

interface Closing {
  readonly emptiedAt: number;
  /** A request may be open until then: the runner reads its configuration late, and GitLab holds requests open. */
  readonly requestsUntil: number;
  deadline: number;
}

export interface JobRequestDeps<Manager extends RequestingRunner> {
  clock: Clock;
  random: Random;
  gitlab: GitLab;
  concurrentJobs: number;
  nextClosingStep: typeof nextClosingStep;
  run(manager: Manager, job: GitLabJob): Promise<void>;
  /** A job ended, or the runner received SIGQUIT. */
  onIdle(manager: Manager): void;
  /** GitLab assigned the job to a request that was cut. */
  onCut(job: GitLabJob): void;
}

/** GitLab Runner requests jobs every 3 s. */
const POLL_MS = 3000;
const RESPONSE_MS = { min: 5, max: 400 };
const RELOAD_MS = 3000;
const LONG_POLL_MS = 50_000;
/** The real manager checks four times as often. */
const CLOSING_POLL_MS = 1000;
/** As in the manager's `supervise-runner.ts`. */
export const DRAIN_TIMEOUT_MS = 65_000;
export const STOP_TIMEOUT_MS = 10_000;

/** Requests jobs until closed. */
export function createJobRequests<Manager extends RequestingRunner>(deps: JobRequestDeps<Manager>) {
  const { clock, random, gitlab, concurrentJobs } = deps;

  const requestsJobs = ({ phase, closing }: Manager) =>
    phase === 'taking' ||
    (phase === 'closing' && closing !== undefined && clock.now() < closing.requestsUntil);

  const poll = (manager: Manager) => {
    const canTake = () => requestsJobs(manager) && manager.jobs.size < concurrentJobs && gitlab.hasPending();
    if (manager.isPolling || !canTake()) return;
    manager.isPolling = true;
    clock.after(random.between(30, POLL_MS), () => {
      const job = canTake() && !gitlab.refusesToken() ? gitlab.take() : undefined;
      if (job === undefined) {
        manager.isPolling = false;
        return;
      }
      job.state = 'running';
      job.takenAt = clock.now();
      manager.answer = job;
      clock.after(random.between(RESPONSE_MS.min, RESPONSE_MS.max), () => receive(manager, job));
    });
  };

  /** GitLab's response arrives, unless the manager ended or cut the request. */
  const receive = (manager: Manager, job: GitLabJob) => {
    manager.isPolling = false;
    if (manager.answer !== job || manager.phase === 'ended') return;
    manager.answer = undefined;
    manager.jobs.add(job);
    void deps.run(manager, job).then(() => {
      manager.jobs.delete(job);
      poll(manager);
      deps.onIdle(manager);
    });
    poll(manager);
  };

  const closingRunner = ({ answer }: Manager, closing: Closing): ClosingRunner => ({
    requests: { open: answer !== undefined || clock.now() < closing.requestsUntil ? 1 : 0, answered: 1 },
    emptiedMs: clock.now() - closing.emptiedAt,
    checkIntervalMs: POLL_MS,
    askLeftMs: 0,
    quitLeftMs: closing.deadline - clock.now(),
  });

  /** Empties the runner's configuration, and sends SIGQUIT when the real code decides so. */
  const close = (manager: Manager, timeoutMs: number) => {
    const now = clock.now();
    const deadline = now + timeoutMs;
    if (manager.closing) {
      manager.closing.deadline = Math.min(manager.closing.deadline, deadline);
      return;
    }
    if (manager.phase !== 'taking') return;
    manager.phase = 'closing';
    const readsAfter = random.between(0, RELOAD_MS + POLL_MS);
    // Long polling is not enabled on every GitLab.
    const heldOpen = random.chance(0.5) ? random.between(0, LONG_POLL_MS) : 0;
    const closing = { emptiedAt: now, requestsUntil: now + readsAfter + heldOpen, deadline };
    manager.closing = closing;
    const check = () => {
      if (manager.phase !== 'closing') return;
      if (deps.nextClosingStep(closingRunner(manager, closing)) === 'quit') return quit(manager);
      clock.after(CLOSING_POLL_MS, check);
    };
    check();
  };

  /** SIGQUIT cuts an open request. */
  const quit = (manager: Manager) => {
    manager.phase = 'finishing';
    const { answer } = manager;
    manager.answer = undefined;
    if (answer) deps.onCut(answer);
    deps.onIdle(manager);
  };

  return { poll, close };
}
