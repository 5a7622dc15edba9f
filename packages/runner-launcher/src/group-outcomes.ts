import type { RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import type { LaunchState } from './launch-state.ts';
import { type LaunchFailure, type Outcome, outcomeOfFailure } from './outcome.ts';
import type { LaunchPlan } from './plan-launch.ts';
import type { LaunchRequest } from './read-messages.ts';

/** Requests of one batch for one fleet and token, oldest first. */
export interface Group {
  runnerQueue: RunnerQueue;
  config: FleetConfig;
  requests: readonly LaunchRequest[];
}

export interface GroupResult {
  /** By event id. */
  outcomes: Map<string, Outcome>;
  launched: LaunchState['launched'];
  failure: LaunchFailure | undefined;
}

/** The result of a group for which no plan could be completed. */
export function allFailed(
  { requests }: Group,
  { launched }: Pick<LaunchState, 'launched'>,
  failure: LaunchFailure,
): GroupResult {
  const outcome = outcomeOfFailure(failure);
  return { outcomes: new Map(requests.map(({ eventId }) => [eventId, outcome])), launched, failure };
}

/** The outcome of each request of a completed plan, by event id. */
export function outcomesOf(
  { requests }: Group,
  plan: LaunchPlan,
  { launched, failure }: Pick<LaunchState, 'launched' | 'failure'>,
): Map<string, Outcome> {
  const because = launched.length > 0 ? 'manager-launched' : 'manager-runs';
  const withJob = new Set(requests.flatMap(({ eventId, jobId }) => (jobId === undefined ? [] : eventId)));
  const deferred: Outcome = failure ? outcomeOfFailure(failure) : { kind: 'retry', reason: 'at-maximum' };
  return new Map<string, Outcome>([
    ...plan.running.map((eventId) => [eventId, { kind: 'done', because: 'job-runs' }] as const),
    ...plan.overdue.map((eventId) => [eventId, { kind: 'done', because: 'job-overdue' }] as const),
    ...plan.assigned.map(
      (eventId) => [eventId, { kind: withJob.has(eventId) ? 'recheck' : 'done', because }] as const,
    ),
    ...plan.deferred.map((eventId) => [eventId, deferred] as const),
  ]);
}
