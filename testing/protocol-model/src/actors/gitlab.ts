import { buildEntry } from '@serverless-gitlab-runner/shared-events';
import { type Clock, START } from '../clock.ts';
import type { Random } from '../random.ts';
import type { PlannedJob, Schedule } from '../schedule.ts';
import type { Bus } from './bus.ts';
import type { Hops } from './latencies.ts';

export interface GitLabJob {
  id: number;
  queuedAt: number;
  /** When a manager took it. */
  takenAt: number | undefined;
  seconds: number;
  /** `ending`: its script is done, its task is stopped, GitLab is told. `failed`: told to GitLab as a system failure, since its manager or its task was lost. */
  state: 'pending' | 'running' | 'ending' | 'finished' | 'failed';
}

export interface GitLab {
  readonly jobs: readonly GitLabJob[];
  /** Told of each job that is queued. */
  readonly listeners: ((job: GitLabJob) => void)[];
  /** The sweep of that minute comes in three seconds. */
  beforeSweep(minute: number): void;
  /** A manager's poll: the oldest job that waits. */
  take(): GitLabJob | undefined;
  hasPending(): boolean;
  refusesToken(): boolean;
}

const LATE_WEBHOOK_MS = { least: 5_000, most: 300_000 };

export interface GitLabDeps {
  schedule: Schedule;
  clock: Clock;
  random: Random;
  bus: Bus;
  latencies: Hops;
}

/** Queues the schedule's jobs, tells of them by webhook, gives them to managers that poll. */
export function createGitLab({ schedule, clock, random, bus, latencies }: GitLabDeps): GitLab {
  const jobs: GitLabJob[] = [];
  const pending: GitLabJob[] = [];
  const listeners: ((job: GitLabJob) => void)[] = [];

  const queue = (id: number, { seconds, webhook }: PlannedJob) => {
    const job: GitLabJob = { id, queuedAt: clock.now(), takenAt: undefined, seconds, state: 'pending' };
    jobs.push(job);
    pending.push(job);
    for (const tell of listeners) tell(job);
    if (webhook === 'lost') return;
    const tell = () => bus.put([jobQueued(job)]);
    const late = () => random.between(LATE_WEBHOOK_MS.least, LATE_WEBHOOK_MS.most);
    clock.after(webhook === 'late' ? late() : latencies.webhook(), tell);
    if (webhook === 'twice') clock.after(late(), tell);
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
      return seconds >= token.refusedAt && seconds < token.mendedAt;
    },
  };
}

/** What the receiver makes of a Job Hook. */
function jobQueued({ id, queuedAt }: GitLabJob) {
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
