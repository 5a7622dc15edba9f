import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import type { Installation } from '../installation.ts';
import type { Runs } from '../jobs/job-run.ts';
import { type Arrival, arrivalsOf, keyOf, type RunLines, readRunLines, runsOf } from '../jobs/read-runs.ts';
import { type LogLine, readLogLines } from '../read-log-lines.ts';

/** CloudWatch shows a line this long after it was written, at the latest: such lines are read again. */
const OVERLAP_MS = 120_000;

const endedSchema = z.object({
  message: z.literal('webhook answered'),
  event: z.literal('finished'),
  jobId: z.number(),
  projectId: z.number(),
});

type Source = keyof RunLines | 'ended';

/** What ran, from logs of which only the new lines are read. */
export interface LogHistory {
  /** Reads the new lines. @param since older lines are forgotten */
  read(now: number, since: number): Promise<void>;
  runs(): Runs;
  arrivals(): Arrival[];
  /** Keys of jobs that GitLab's webhooks called ended. */
  ended(): Set<string>;
}

export function createLogHistory(
  logs: CloudWatchLogsClient,
  { logGroups }: Pick<Installation, 'logGroups'>,
): LogHistory {
  const kept: Record<Source, Map<string, LogLine>> = {
    started: new Map(),
    finished: new Map(),
    stopped: new Map(),
    queued: new Map(),
    ended: new Map(),
  };
  let readAt: number | undefined;
  let isCut = false;
  const lines = (source: Source) => [...kept[source].values()];
  return {
    async read(now, since) {
      const from = Math.max(since, (readAt ?? 0) - OVERLAP_MS);
      const [read, ended] = await Promise.all([
        readRunLines(logs, { logGroups }, from),
        readLogLines(logs, { logGroupName: logGroups.receiver, filterPattern: '"finished"', since: from }),
      ]);
      readAt = now;
      isCut ||= read.isCut;
      for (const [source, found] of Object.entries({ ...read.lines, ended }) as [Source, LogLine[]][])
        keep(kept[source], found, since);
    },
    runs: () => ({
      ...runsOf({
        started: lines('started'),
        finished: lines('finished'),
        stopped: lines('stopped'),
        queued: lines('queued'),
      }),
      isCut,
    }),
    arrivals: () => arrivalsOf(lines('queued')),
    ended: () =>
      new Set(
        lines('ended').flatMap(({ fields }) => {
          const line = endedSchema.safeParse(fields).data;
          return line ? keyOf(line) : [];
        }),
      ),
  };
}

/** Adds lines, each once, and drops old ones. */
function keep(kept: Map<string, LogLine>, found: readonly LogLine[], since: number): void {
  for (const line of found) kept.set(`${line.at} ${JSON.stringify(line.fields)}`, line);
  for (const [key, { at }] of kept) if (at < since) kept.delete(key);
}
