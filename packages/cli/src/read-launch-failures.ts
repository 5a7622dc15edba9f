import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { readLogLines } from './read-log-lines.ts';

/** Why the launcher could start no manager, from its log. */
export interface LaunchFailure {
  /** Milliseconds since 1970. */
  at: number;
  fleet: string;
  reason: string;
  /** A sentence that says what happened and what to do. */
  message: string;
}

const failureSchema = z.object({
  message: z.enum(['launch planned', 'launch failed']),
  fleet: z.string(),
  failure: z.object({ reason: z.string(), message: z.string() }),
});

/** Reads the launcher's failures since a time, oldest first. */
export async function readLaunchFailures(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  since: number,
): Promise<LaunchFailure[]> {
  const lines = await readLogLines(logs, { logGroupName, filterPattern: '"failure"', since });
  return lines.flatMap(({ at, fields }) => {
    const found = failureSchema.safeParse(fields).data;
    return found
      ? { at, fleet: found.fleet, reason: found.failure.reason, message: found.failure.message }
      : [];
  });
}
