import type { LoggedJob } from './logged-job.ts';

/** A pipeline as it ran: stages of jobs of attempts. */
export interface LoggedPipeline {
  /** When its first job was queued, in milliseconds since 1970. */
  at: number;
  stages: LoggedJob[][][];
}

/**
 * A job that is queued this long after everything before it has ended was started by a person or a timer, or waited for jobs of
 * another fleet: it begins a pipeline of its own.
 */
const PAUSE_MS = 120_000;
/** Webhooks overtake each other: a job may be queued this much before the end of the job that it waited for. */
const TOLERANCE_MS = 10_000;

/** An attempt or a retried job, with its attempts oldest first. */
interface JobSpan {
  attempts: LoggedJob[];
  queuedAt: number;
  finishedAt: number;
}

/**
 * Derives pipelines, stages and attempts from times, because the logs do not contain stages. A job that was queued after the end
 * of another of its pipeline belongs to a later stage; jobs of one name are attempts. With `needs:`, stages are thus the levels of
 * the longest chain.
 * @param jobs of one fleet, in the order in which they were queued
 * @returns pipelines in the order of their beginning
 */
export function derivePipelines(jobs: readonly LoggedJob[]): LoggedPipeline[] {
  const byPipeline = Map.groupBy(jobs, ({ projectId, pipelineId }) => `${projectId}/${pipelineId}`);
  return [...byPipeline.values()]
    .flatMap(splitAtPauses)
    .map((part) => ({ at: part[0]?.queuedAt ?? 0, stages: stagesOf(part) }))
    .sort((one, other) => one.at - other.at);
}

function splitAtPauses(jobs: readonly LoggedJob[]): LoggedJob[][] {
  const parts: LoggedJob[][] = [];
  let lastEnd = Number.NEGATIVE_INFINITY;
  for (const job of jobs) {
    if (job.queuedAt > lastEnd + PAUSE_MS) parts.push([]);
    parts.at(-1)?.push(job);
    lastEnd = Math.max(lastEnd, job.finishedAt);
  }
  return parts;
}

function stagesOf(jobs: readonly LoggedJob[]): LoggedJob[][][] {
  const spans: JobSpan[] = [...Map.groupBy(jobs, ({ jobName }) => jobName).values()].map((attempts) => ({
    attempts,
    queuedAt: attempts[0]?.queuedAt ?? 0,
    finishedAt: Math.max(...attempts.map(({ finishedAt }) => finishedAt)),
  }));
  const byEnd = spans.toSorted((one, other) => countsAsEndedAt(one) - countsAsEndedAt(other));
  const stages: LoggedJob[][][] = [];
  const stageOf = new Map<JobSpan, number>();
  let ended = 0;
  let stage = 0;
  // In the order in which they were queued, so whatever counts as ended has its stage already.
  for (const span of spans) {
    for (let other = byEnd[ended]; other && countsAsEndedAt(other) <= span.queuedAt; other = byEnd[ended]) {
      stage = Math.max(stage, (stageOf.get(other) ?? -1) + 1);
      ended += 1;
    }
    stageOf.set(span, stage);
    const jobsOfStage = stages[stage] ?? [];
    stages[stage] = jobsOfStage;
    jobsOfStage.push(span.attempts);
  }
  return stages;
}

/** A little before its end, but in the second half of its life: jobs of one stage are queued at almost the same time. */
function countsAsEndedAt({ queuedAt, finishedAt }: JobSpan): number {
  return finishedAt - Math.min(TOLERANCE_MS, (finishedAt - queuedAt) / 2);
}
