import { type CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';

/** A line that a Lambda logged. */
export interface LogLine {
  /** Milliseconds since 1970. */
  at: number;
  fields: Readonly<Record<string, unknown>>;
}

/** A search reads no more pages than this: CloudWatch returns pages without any match as well. */
const MAX_PAGES = 200;

const fieldsSchema = z.record(z.string(), z.unknown());

/**
 * Reads the lines of a log group that contain a text, oldest first.
 * @param text letters, digits, spaces and dashes
 * @param since milliseconds since 1970
 */
export async function readLogLines(
  client: CloudWatchLogsClient,
  logGroupName: string,
  text: string,
  since: number,
): Promise<LogLine[]> {
  const query = { logGroupName, filterPattern: `"${text}"`, startTime: since };
  const lines: LogLine[] = [];
  let pages = 0;
  for await (const { events = [] } of paginateFilterLogEvents({ client }, query)) {
    for (const { timestamp = 0, message = '' } of events) {
      const fields = message.includes(text) ? fieldsOf(message) : undefined;
      if (fields) lines.push({ at: timestamp, fields });
    }
    pages += 1;
    if (pages === MAX_PAGES) break;
  }
  return lines.sort((one, other) => one.at - other.at);
}

/** The JSON of a line; undefined if it is one of Lambda's own. */
function fieldsOf(message: string): LogLine['fields'] | undefined {
  try {
    return fieldsSchema.parse(JSON.parse(message));
  } catch {
    return undefined;
  }
}
