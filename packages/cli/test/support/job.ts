import { managerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { JobFacts, JobTask, LaunchDecision } from '../../src/why/job-facts.ts';

export const now = Date.parse('2026-11-23T10:10:00.000Z');
/** That many seconds ago. */
export const ago = (seconds: number) => now - seconds * 1000;

/** A job of which nothing is known; its fleet has two managers of four jobs each. */
export function facts(over: Partial<JobFacts> = {}): JobFacts {
  return {
    jobId: 7,
    now,
    hours: 24,
    webhooks: [],
    refusedWebhooks: 0,
    decisions: [],
    task: undefined,
    gitlab: undefined,
    managers: [],
    fleets: new Map([['default', { max: 2, concurrentJobs: 4 }]]),
    ...over,
  };
}

export const webhook = (seconds: number) => ({ at: ago(seconds), fleet: 'default', projectId: 3 });

export const decided = (seconds: number, outcome: string, message?: string): LaunchDecision => ({
  at: ago(seconds),
  fleet: 'default',
  outcome,
  message,
});

/** A task that was requested 40 s ago. */
export const task = (over: Partial<JobTask> = {}): JobTask => ({
  fleet: 'default',
  taskId: '0123456789abcdef0123456789abcdef',
  state: 'starting',
  createdAt: ago(40),
  pullStartedAt: undefined,
  pullStoppedAt: undefined,
  startedAt: undefined,
  stoppingAt: undefined,
  stoppedAt: undefined,
  stoppedReason: undefined,
  ...over,
});

/** A running manager. */
export const manager = (over: Partial<JobFacts['managers'][number]> = {}) => ({
  ...managerFacts({ fleet: 'default', createdAt: ago(200), startedAt: ago(160), ...over }),
  jobs: over.jobs ?? 0,
});
