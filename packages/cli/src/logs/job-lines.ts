import type { CloudWatchLogsClient, FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { taskIdOf } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import type { Installation } from '../installation.ts';
import { parseJson } from '../parse-json.ts';

/** A line about a job. */
export interface JobLine {
  /** Milliseconds since 1970. */
  at: number;
  /** What logged it, such as `launcher` or `helper`. */
  source: string;
  /** As it was logged. */
  text: string;
}

export interface LineQuery {
  jobId: number;
  /** Milliseconds since 1970. */
  since: number;
}

/** Pages that are read of each search, and lines that are returned. */
const MAX_PAGES = 50;
const MAX_LINES = 2000;

/** Lines of a job, in the order of time. */
export interface JobLines {
  lines: JobLine[];
  /** Whether there are more than is read: the newest are missing. */
  isCut: boolean;
}

/**
 * Reads the lines of all parts about a job: those that name it, those that name its tasks, and what the tasks' containers wrote
 * to CloudWatch. What the job itself prints is in GitLab only.
 */
export async function readJobLines(
  logs: CloudWatchLogsClient,
  { logGroups }: Pick<Installation, 'logGroups'>,
  { jobId, since }: LineQuery,
): Promise<JobLines> {
  const found = new Map<string, JobLine>();
  let isCut = false;
  const search = async (
    source: string,
    query: FilterLogEventsCommandInput,
    isMeant: (text: string) => boolean,
  ) => {
    const { lines, hasMore } = await readLines(logs, source, { ...query, startTime: since });
    isCut ||= hasMore;
    for (const line of lines) if (isMeant(line.text)) found.set(`${source} ${line.at} ${line.text}`, line);
  };
  const parts = [
    ['receiver', logGroups.receiver],
    ['launcher', logGroups.launcher],
    ['manager', logGroups.managers],
    ['reaper', logGroups.reaper],
  ] as const;
  await Promise.all(
    parts.map(([source, logGroupName]) =>
      search(source, { logGroupName, filterPattern: `"${jobId}"` }, (text) => names(text, `${jobId}`)),
    ),
  );
  const tasks = tasksIn([...found.values()], jobId);
  await Promise.all(
    tasks.flatMap((task) => [
      ...parts
        .slice(2)
        .map(([source, logGroupName]) =>
          search(source, { logGroupName, filterPattern: `"${task}"` }, (text) => names(text, task)),
        ),
      ...logGroups.jobs.map((logGroupName) =>
        search('helper', { logGroupName, logStreamNames: [`job/helper/${task}`] }, () => true),
      ),
    ]),
  );
  const lines = [...found.values()].sort((one, other) => one.at - other.at);
  return { lines: lines.slice(0, MAX_LINES), isCut: isCut || lines.length > MAX_LINES };
}

async function readLines(
  client: CloudWatchLogsClient,
  source: string,
  query: FilterLogEventsCommandInput,
): Promise<{ lines: JobLine[]; hasMore: boolean }> {
  const lines: JobLine[] = [];
  let pages = 0;
  try {
    for await (const { events = [], nextToken } of paginateFilterLogEvents({ client }, query)) {
      for (const { timestamp = 0, message = '' } of events)
        lines.push({ at: timeOf(message) ?? timestamp, source, text: message.trimEnd() });
      pages += 1;
      if (pages === MAX_PAGES) return { lines, hasMore: nextToken !== undefined };
    }
  } catch (error) {
    // A stream is made with its first line, and fleets have log groups of their own.
    if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) throw error;
  }
  return { lines, hasMore: false };
}

/** Whether a text contains a number or id as a whole. */
function names(text: string, id: string): boolean {
  return new RegExp(`(?<![\\w-])${id}(?![\\w-])`).test(text);
}

const taskEventSchema = z.object({ detail: z.object({ jobId: z.number(), taskArn: z.string() }) });
const timedSchema = z.object({ timestamp: z.iso.datetime() });

/** Ids of the job's tasks, as the managers' events name them. */
function tasksIn(lines: readonly JobLine[], jobId: number): string[] {
  const arns = lines.flatMap(({ text }) => {
    const detail = taskEventSchema.safeParse(parseJson(text)).data?.detail;
    return detail?.jobId === jobId ? detail.taskArn : [];
  });
  return [...new Set(arns.map(taskIdOf))];
}

/** Lambda may deliver all lines of an invocation at its end, so the line's own time is the better one. */
function timeOf(text: string): number | undefined {
  const { data } = timedSchema.safeParse(parseJson(text));
  return data && Date.parse(data.timestamp);
}
