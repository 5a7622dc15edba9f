import type { ClosingRunner, nextClosingStep } from '@serverless-gitlab-runner/runner-manager';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { GitLab, GitLabJob } from './gitlab.ts';

/** A manager's runner, as far as it asks GitLab for jobs. */
export interface Asking {
  /** `closing`: drained, and GitLab may still give it a job; `finishing`: its runner got SIGQUIT. */
  phase: 'starting' | 'taking' | 'closing' | 'finishing' | 'leaving' | 'ended';
  readonly jobs: Set<GitLabJob>;
  /** A job that GitLab gave out, on its way. */
  answer: GitLabJob | undefined;
  closing: Closing | undefined;
  polls: boolean;
}

interface Closing {
  readonly emptiedAt: number;
  /** Until then a request may be open: the runner reads its configuration late, and GitLab holds requests open. */
  readonly asksUntil: number;
  deadline: number;
}

export interface AskingDeps<Manager extends Asking> {
  clock: Clock;
  random: Random;
  gitlab: GitLab;
  concurrentJobs: number;
  nextClosingStep: typeof nextClosingStep;
  run(manager: Manager, job: GitLabJob): Promise<void>;
  /** A job ended, or the runner was told to quit. */
  onIdle(manager: Manager): void;
  /** GitLab gave that job to a request that was given up. */
  onCut(job: GitLabJob): void;
}

/** GitLab Runner asks every 3 s. */
const POLL_MS = 3000;
const ANSWER_MS = { least: 5, most: 400 };
const RELOAD_MS = 3000;
const LONG_POLL_MS = 50_000;
/** The executor looks four times as often. */
const CLOSING_LOOK_MS = 1000;
/** As in the executor's `supervise-runner.ts`. */
export const DRAIN_PATIENCE_MS = 65_000;
export const STOP_PATIENCE_MS = 10_000;

/** Takes jobs, until closed. */
export function createAsking<Manager extends Asking>(deps: AskingDeps<Manager>) {
  const { clock, random, gitlab, concurrentJobs } = deps;

  const asks = ({ phase, closing }: Manager) =>
    phase === 'taking' || (phase === 'closing' && closing !== undefined && clock.now() < closing.asksUntil);

  const poll = (manager: Manager) => {
    const wants = () => asks(manager) && manager.jobs.size < concurrentJobs && gitlab.hasPending();
    if (manager.polls || !wants()) return;
    manager.polls = true;
    clock.after(random.between(30, POLL_MS), () => {
      const job = wants() && !gitlab.refusesToken() ? gitlab.take() : undefined;
      if (job === undefined) {
        manager.polls = false;
        return;
      }
      job.state = 'running';
      job.takenAt = clock.now();
      manager.answer = job;
      clock.after(random.between(ANSWER_MS.least, ANSWER_MS.most), () => receive(manager, job));
    });
  };

  /** GitLab's answer is there, unless the manager ended or gave the request up. */
  const receive = (manager: Manager, job: GitLabJob) => {
    manager.polls = false;
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
    requests: { open: answer !== undefined || clock.now() < closing.asksUntil ? 1 : 0, answered: 1 },
    emptiedMs: clock.now() - closing.emptiedAt,
    checkIntervalMs: POLL_MS,
    askLeftMs: 0,
    quitLeftMs: closing.deadline - clock.now(),
  });

  /** Its runner has nothing left to ask for, and gets SIGQUIT when the real code says so. */
  const close = (manager: Manager, patienceMs: number) => {
    const now = clock.now();
    const deadline = now + patienceMs;
    if (manager.closing) {
      manager.closing.deadline = Math.min(manager.closing.deadline, deadline);
      return;
    }
    if (manager.phase !== 'taking') return;
    manager.phase = 'closing';
    const readsAfter = random.between(0, RELOAD_MS + POLL_MS);
    // Not every GitLab holds requests open.
    const heldOpen = random.chance(0.5) ? random.between(0, LONG_POLL_MS) : 0;
    const closing = { emptiedAt: now, asksUntil: now + readsAfter + heldOpen, deadline };
    manager.closing = closing;
    const look = () => {
      if (manager.phase !== 'closing') return;
      if (deps.nextClosingStep(closingRunner(manager, closing)) === 'quit') return quit(manager);
      clock.after(CLOSING_LOOK_MS, look);
    };
    look();
  };

  /** SIGQUIT: the request that is open is cut. */
  const quit = (manager: Manager) => {
    manager.phase = 'finishing';
    const { answer } = manager;
    manager.answer = undefined;
    if (answer) deps.onCut(answer);
    deps.onIdle(manager);
  };

  return { poll, close };
}
