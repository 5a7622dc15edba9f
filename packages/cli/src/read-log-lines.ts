import { type CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';

/** A line that a Lambda logged. */
export interface LogLine {
  /** When it was logged, by the line itself if it says so; milliseconds since 1970. */
  at: number;
  fields: Readonly<Record<string, unknown>>;
}

export interface LogQuery {
  logGroupName: string;
  /**
   * CloudWatch's filter pattern. What it matches is only a first choice: whoever reads the lines checks their fields.
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
   */
  filterPattern: string;
  /** Milliseconds since 1970. */
  since: number;
  /** Default: 200. CloudWatch returns pages without any match as well. */
  maxPages?: number;
  /** Called if there were more pages than that: the newest lines are missing. */
  onLimit?: () => void;
}

const fieldsSchema = z.record(z.string(), z.unknown());

/** Reads the JSON lines of a log group that match a pattern, oldest first. */
export async function readLogLines(
  client: CloudWatchLogsClient,
  { logGroupName, filterPattern, since, maxPages = 200, onLimit }: LogQuery,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let pages = 0;
  for await (const { events = [], nextToken } of paginateFilterLogEvents(
    { client },
    { logGroupName, filterPattern, startTime: since },
  )) {
    for (const { timestamp = 0, message = '' } of events) {
      const fields = fieldsOf(message);
      if (fields) lines.push({ at: timeOf(fields) ?? timestamp, fields });
    }
    pages += 1;
    if (pages < maxPages) continue;
    if (nextToken) onLimit?.();
    break;
  }
  return lines.sort((one, other) => one.at - other.at);
}

/** Lambda may deliver all lines of an invocation at its end, so the line's own time is the better one. */
function timeOf({ timestamp }: LogLine['fields']): number | undefined {
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** The JSON of a line; undefined if it is one of Lambda's own. */
function fieldsOf(message: string): LogLine['fields'] | undefined {
  try {
    return fieldsSchema.parse(JSON.parse(message));
  } catch {
    return undefined;
  }
}
