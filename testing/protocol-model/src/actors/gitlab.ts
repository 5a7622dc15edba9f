import { buildEntry } from '@serverless-gitlab-runner/shared-events';
import { type Clock, START } from '../clock.ts';
import type { Random } from '../random.ts';
import type { PlannedJob, Schedule } from '../schedule.ts';
import type { Bus } from './bus.ts';
import type { Latencies } from './latencies.ts';

export interface GitLabJob {
  id: number;
  queuedAt: number;
  /** When GitLab assigned it to a manager. */
  takenAt: number | undefined;
  seconds: number;
  /**
   * `ending`: the script is done; the task is being stopped and the result reported. `failed`: reported to GitLab as a system
   * failure, because its manager or its task was lost. `cancelled`: before a manager had taken it.
   */
  state: 'pending' | 'cancelled' | 'running' | 'ending' | 'finished' | 'failed';
}

/** Whether no manager works on the job, or will. */
export function isOver({ state }: GitLabJob): boolean {
  return state === 'finished' || state === 'failed' || state === 'cancelled';
}

export interface GitLab {
  readonly jobs: readonly GitLabJob[];
  /** Called for each queued job. */
  readonly listeners: ((job: GitLabJob) => void)[];
  /** Called three seconds before the sweep of that minute. */
  beforeSweep(minute: number): void;
  /** Answers a manager's request with the oldest pending job. */
  take(): GitLabJob | undefined;
  hasPending(): boolean;
  refusesToken(): boolean;
}

const LATE_WEBHOOK_MS = { min: 5_000, max: 300_000 };

export interface GitLabDeps {
  schedule: Schedule;
  clock: Clock;
  random: Random;
  bus: Bus;
  latencies: Latencies;
}

/** Queues the schedule's jobs, sends webhooks for them, and assigns them to managers that poll. */
export function createGitLab({ schedule, clock, random, bus, latencies }: GitLabDeps): GitLab {
  const jobs: GitLabJob[] = [];
  const pending: GitLabJob[] = [];
  const listeners: ((job: GitLabJob) => void)[] = [];

  const cancel = (job: GitLabJob) => {
    if (job.state !== 'pending') return;
    job.state = 'cancelled';
    pending.splice(pending.indexOf(job), 1);
  };
  const queue = (id: number, { seconds, webhook, cancelledAfter }: PlannedJob) => {
    const job: GitLabJob = { id, queuedAt: clock.now(), takenAt: undefined, seconds, state: 'pending' };
    jobs.push(job);
    pending.push(job);
    for (const listener of listeners) listener(job);
    if (cancelledAfter !== undefined) clock.after(cancelledAfter * 1000, () => cancel(job));
    if (webhook === 'lost') return;
    const sendWebhook = () => bus.put([jobQueued(job)]);
    const late = () => random.between(LATE_WEBHOOK_MS.min, LATE_WEBHOOK_MS.max);
    clock.after(webhook === 'late' ? late() : latencies.webhook(), sendWebhook);
    if (webhook === 'twice') clock.after(late(), sendWebhook);
  };

  schedule.jobs.forEach((planned, index) => {
    const { at } = planned;
    if (typeof at === 'number') clock.at(START + at * 1000, () => queue(index + 1, planned));
  });

  return {
    jobs,
    listeners,
    beforeSweep(minute) {
      schedule.jobs.forEach((planned, index) => {
        const { at } = planned;
        if (typeof at === 'number' || at.sweep !== minute) return;
        clock.after(at.milliseconds, () => queue(index + 1, planned));
      });
    },
    take: () => pending.shift(),
    hasPending: () => pending.length > 0,
    refusesToken() {
      const { token } = schedule;
      if (token === undefined) return false;
      const seconds = (clock.now() - START) / 1000;
      return seconds >= token.refusedAt && seconds < token.replacedAt;
    },
  };
}

/** The receiver's event for a Job Hook. */
export function jobQueued({ id, queuedAt }: Pick<GitLabJob, 'id' | 'queuedAt'>) {
  return buildEntry('bus', 'JobQueued', {
    fleet: 'default',
    occurredAt: new Date(queuedAt).toISOString(),
    instance: 'https://gitlab.com',
    projectId: 1,
    pipelineId: 1,
    jobId: id,
    jobName: 'test',
  });
}
