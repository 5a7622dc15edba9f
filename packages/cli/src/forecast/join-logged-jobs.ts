import { type CapacityProvider, capacityProviderSchema } from '@serverless-gitlab-runner/fleet';
import type { EventDetail } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import { arrivalsOf, detailsOf, keyOf, type RunLines } from '../jobs/read-runs.ts';
import type { LogLine } from '../read-log-lines.ts';
import type { LoggedJob, LoggedJobs } from './logged-job.ts';

/** The lines of `RunLines`, and the webhooks of jobs that ended. */
export type ForecastLines = RunLines & { ended: readonly LogLine[] };

const endedSchema = z.object({
  message: z.literal('webhook answered'),
  event: z.literal('finished'),
  status: z.enum(['success', 'failed', 'canceled']),
  jobId: z.number(),
  projectId: z.number(),
});

/** Joins the lines about each job. Of several tasks of one job, the last one counts: the others did not run it. */
export function joinLoggedJobs({ started, finished, stopped, queued, ended }: ForecastLines): LoggedJobs {
  const starts = new Map(
    detailsOf('JobTaskStarted', started).map(({ detail }) => [detail.taskArn, detail] as const),
  );
  const queuedAt = new Map(arrivalsOf(queued).map((arrival) => [keyOf(arrival), arrival.at]));
  const ends = endsOf(ended);
  const jobs = new Map<string, LoggedJob>();
  const leftOut = { withoutPipeline: 0, incomplete: 0 };
  for (const { detail } of detailsOf('JobTaskFinished', finished)) {
    const start = starts.get(detail.taskArn);
    starts.delete(detail.taskArn);
    const capacity = capacityProviderSchema.safeParse(detail.capacityProvider).data;
    if (start === undefined || capacity === undefined) leftOut.incomplete += 1;
    else if (detail.pipelineId === undefined) leftOut.withoutPipeline += 1;
    else {
      const key = keyOf(detail);
      const facts = { start, end: detail, pipelineId: detail.pipelineId, capacity };
      jobs.set(key, toLoggedJob(facts, queuedAt.get(key), ends.get(key)));
    }
  }
  leftOut.incomplete += starts.size;
  return {
    jobs: [...jobs.values()].sort((one, other) => one.queuedAt - other.queuedAt),
    leftOut,
    unclaimed: detailsOf('AheadTaskStopped', stopped).map(({ detail }) => ({
      fleet: detail.fleet,
      at: Date.parse(detail.occurredAt),
      costUsd: detail.estimatedCostUsd,
    })),
  };
}

interface TaskFacts {
  start: EventDetail<'JobTaskStarted'>;
  end: EventDetail<'JobTaskFinished'>;
  pipelineId: number;
  capacity: CapacityProvider;
}

interface JobEnd {
  at: number;
  succeeded: boolean;
}

function toLoggedJob(
  { start, end, pipelineId, capacity }: TaskFacts,
  webhookAt: number | undefined,
  ended: JobEnd | undefined,
): LoggedJob {
  const startedAt = Date.parse(start.occurredAt);
  const endedAt = Math.max(startedAt, Date.parse(end.occurredAt));
  const { jobId, jobName, fleet, projectId, ref, image, cpu, memory, architecture } = end;
  // Clocks differ a little: a job is not queued after its start.
  const queuedAt = Math.min(startedAt, webhookAt ?? startedAt - start.secondsToStart * 1000);
  return {
    ...{ jobId, jobName, fleet, projectId, pipelineId, ref, image, cpu, memory, architecture },
    capacityProvider: capacity,
    queuedAt,
    startedAt,
    endedAt,
    finishedAt: Math.max(startedAt, ended?.at ?? endedAt),
    succeeded: ended?.succeeded ?? end.outcome === 'completed',
    waitedSeconds: webhookAt === undefined ? undefined : (startedAt - queuedAt) / 1000,
    startSeconds: start.secondsAhead === undefined ? start.secondsToStart : undefined,
    costUsd: end.estimatedCostUsd,
  };
}

function endsOf(lines: readonly LogLine[]): Map<string, JobEnd> {
  return new Map(
    lines.flatMap(({ at, fields }) => {
      const line = endedSchema.safeParse(fields).data;
      return line ? [[keyOf(line), { at, succeeded: line.status === 'success' }] as const] : [];
    }),
  );
}
