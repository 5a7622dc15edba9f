import { estimateCostUsd, fargatePricesOf } from '@serverless-gitlab-runner/fleet';
import { HOST_ARCHITECTURE } from '@serverless-gitlab-runner/machine';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import { mean } from './figure.ts';

const { prices } = fargatePricesOf('us-east-1');

/** A span of time. */
export interface Span {
  from: Date;
  until: Date;
}

/**
 * What tasks cost on Fargate, in USD, by ECS's own times: job tasks from their pull to their end, claimed or not, and managers
 * for the span.
 */
export function costOfTasks(tasks: readonly ObservedTask[], span: Span): number {
  return tasks.reduce((sum, task) => sum + costOf(task, span), 0);
}

function costOf(task: ObservedTask, { from, until }: Span): number {
  const { role, cpu, memory, pullStartedAt, stoppedAt = until } = task;
  if (pullStartedAt === undefined) return 0;
  const start =
    role === 'manager' ? Math.max(pullStartedAt.getTime(), from.getTime()) : pullStartedAt.getTime();
  const end = role === 'manager' ? Math.min(stoppedAt.getTime(), until.getTime()) : stoppedAt.getTime();
  if (end <= start) return 0;
  return estimateCostUsd({
    cpu,
    memory,
    seconds: (end - start) / 1000,
    prices,
    hasPublicIp: false,
    architecture: HOST_ARCHITECTURE,
    capacityProvider: 'FARGATE',
  });
}

/** Number of job tasks that were started ahead, and of those among them that a job claimed. */
export function countAhead(tasks: readonly ObservedTask[]): { started: number; claimed: number } {
  const ahead = tasks.filter(({ role, jobId }) => role === 'job' && jobId === undefined);
  return { started: ahead.length, claimed: ahead.filter(({ claimedBy }) => claimedBy !== undefined).length };
}

/** Mean seconds from RunTask until all containers of a job task run, by ECS's own times. */
export function meanStart(tasks: readonly ObservedTask[]): number {
  const starts = tasks.flatMap(({ role, createdAt, startedAt }) =>
    role === 'job' && createdAt && startedAt ? [(startedAt.getTime() - createdAt.getTime()) / 1000] : [],
  );
  return mean(starts);
}
