import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type EventDetail, type EventName, eventSchemas } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import type { Installation } from '../installation.ts';
import { type LogLine, readLogLines } from '../read-log-lines.ts';
import type { JobRun, Runs } from './job-run.ts';

/** Pages of each log. CloudWatch's have up to 1 MiB. */
const MAX_PAGES = 200;

const eventSchema = z.object({ message: z.literal('event'), event: z.string(), detail: z.unknown() });
const queuedSchema = z.object({
  message: z.literal('webhook answered'),
  event: z.literal('queued'),
  jobId: z.number(),
  projectId: z.number(),
  fleet: z.string().optional(),
});

/** Reads what ran since a time: the events that managers log, and when the receiver got the jobs' webhooks. */
export async function readRuns(
  logs: CloudWatchLogsClient,
  installation: Pick<Installation, 'logGroups'>,
  since: number,
): Promise<Runs> {
  const { lines, isCut } = await readRunLines(logs, installation, since);
  return { ...runsOf(lines), isCut };
}

/** Reads the lines of a log that contain a text. `isCut` tells whether one had more than is read: its newest are missing. */
export function createLogSearch(logs: CloudWatchLogsClient, since: number) {
  let isCut = false;
  const onLimit = () => {
    isCut = true;
  };
  return {
    search: (logGroupName: string, text: string): Promise<LogLine[]> =>
      readLogLines(logs, { logGroupName, filterPattern: `"${text}"`, since, maxPages: MAX_PAGES, onLimit }),
    isCut: () => isCut,
  };
}

/** Reads the lines from which `runsOf` makes what ran since a time. */
export async function readRunLines(
  logs: CloudWatchLogsClient,
  { logGroups }: Pick<Installation, 'logGroups'>,
  since: number,
): Promise<{ lines: RunLines; isCut: boolean }> {
  const { search, isCut } = createLogSearch(logs, since);
  const [started, finished, stopped, queued] = await Promise.all([
    search(logGroups.managers, 'JobTaskStarted'),
    search(logGroups.managers, 'JobTaskFinished'),
    search(logGroups.managers, 'AheadTaskStopped'),
    search(logGroups.receiver, 'queued'),
  ]);
  return { lines: { started, finished, stopped, queued }, isCut: isCut() };
}

/** Oldest first; other lines may be among them. */
export type RunLines = Record<'started' | 'finished' | 'stopped' | 'queued', readonly LogLine[]>;

/** Joins the events of each task. */
export function runsOf({ started, finished, stopped, queued }: RunLines): Omit<Runs, 'isCut'> {
  const runs = new Map<string, JobRun>();
  for (const { detail } of detailsOf('JobTaskStarted', started))
    runs.set(detail.taskArn, { ...commonOf(detail), startedAt: Date.parse(detail.occurredAt) });
  for (const { detail } of detailsOf('JobTaskFinished', finished)) {
    const { outcome, seconds, estimatedCostUsd: costUsd, occurredAt } = detail;
    const known = runs.get(detail.taskArn) ?? commonOf(detail);
    runs.set(detail.taskArn, { ...known, end: { at: Date.parse(occurredAt), outcome, seconds, costUsd } });
  }
  const queuedAt = new Map(arrivalsOf(queued).map((arrival) => [keyOf(arrival), arrival.at]));
  const jobs = [...runs.values()].map((run) => ({ ...run, queuedAt: queuedAt.get(keyOf(run)) }));
  return {
    jobs: jobs.sort((one, other) => timeOf(one) - timeOf(other)),
    unclaimed: detailsOf('AheadTaskStopped', stopped).map(({ detail }) => {
      const { fleet, projectId, jobName, seconds, estimatedCostUsd: costUsd } = detail;
      return { fleet, projectId, jobName, seconds, costUsd };
    }),
  };
}

/** A job whose webhook said that it is queued. */
export interface Arrival {
  /** Milliseconds since 1970. */
  at: number;
  jobId: number;
  projectId: number;
  fleet: string | undefined;
}

/** When each job was queued. A job that is retried has another id, so its first webhook is the one that counts. */
export function arrivalsOf(queued: readonly LogLine[]): Arrival[] {
  const first = new Map<string, Arrival>();
  for (const { at, fields } of queued) {
    const line = queuedSchema.safeParse(fields).data;
    if (line && !first.has(keyOf(line)))
      first.set(keyOf(line), { at, jobId: line.jobId, projectId: line.projectId, fleet: line.fleet });
  }
  return [...first.values()];
}

/** Job ids are unique within one GitLab; fleets may have several. */
export function keyOf({ jobId, projectId }: { jobId: number; projectId: number }): string {
  return `${projectId}/${jobId}`;
}

function timeOf({ startedAt, end }: JobRun): number {
  return startedAt ?? end?.at ?? 0;
}

/** The details of the events of that name among these lines. */
export function detailsOf<Name extends EventName>(
  name: Name,
  lines: readonly LogLine[],
): { detail: EventDetail<Name> }[] {
  return lines.flatMap(({ fields }) => {
    const line = eventSchema.safeParse(fields).data;
    if (line?.event !== name) return [];
    const { success, data } = eventSchemas[name].safeParse(line.detail);
    return success ? { detail: data as EventDetail<Name> } : [];
  });
}

function commonOf(detail: EventDetail<'JobTaskStarted'> | EventDetail<'JobTaskFinished'>): JobRun {
  const { jobId, jobName, fleet, projectId, projectPath, ref, taskArn } = detail;
  return {
    ...{ jobId, jobName, fleet, projectId, projectPath, ref, taskArn },
    queuedAt: undefined,
    startedAt: undefined,
    end: undefined,
  };
}
