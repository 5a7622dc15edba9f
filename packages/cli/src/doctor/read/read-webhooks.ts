import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { readLogLines } from '../../read-log-lines.ts';
import type { AnsweredWebhook } from '../checks/check-webhooks.ts';

const answeredSchema = z.object({
  message: z.literal('webhook answered'),
  statusCode: z.number(),
  fleet: z.string().optional(),
  decision: z.string().optional(),
  problem: z.string().optional(),
});

/**
 * Reads the webhooks that were not accepted, those of other events, and at least one that was accepted, if there is one. Four
 * webhooks arrive for each job, so not all are read.
 */
export async function readWebhooks(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  since: number,
): Promise<AnsweredWebhook[]> {
  const search = (condition: string, isMeant: (webhook: AnsweredWebhook) => boolean, maxPages?: number) =>
    readAnswered(logs, { logGroupName, since, condition, maxPages }).then((found) => found.filter(isMeant));
  const [problems, others, accepted] = await Promise.all([
    search('$.statusCode >= 400', ({ statusCode }) => statusCode >= 400),
    search('$.decision = "not a job hook"', ({ decision }) => decision === 'not a job hook', 1),
    search('$.statusCode = 202', ({ statusCode }) => statusCode === 202, 1),
  ]);
  return [...problems, ...others, ...accepted];
}

async function readAnswered(
  logs: CloudWatchLogsClient,
  query: { logGroupName: string; since: number; condition: string; maxPages: number | undefined },
): Promise<AnsweredWebhook[]> {
  const { logGroupName, since, condition, maxPages } = query;
  const filterPattern = `{ $.message = "webhook answered" && ${condition} }`;
  const lines = await readLogLines(logs, {
    logGroupName,
    since,
    filterPattern,
    ...(maxPages === undefined ? {} : { maxPages }),
  });
  return lines.flatMap(({ fields }) => {
    const found = answeredSchema.safeParse(fields).data;
    return found
      ? { statusCode: found.statusCode, fleet: found.fleet, decision: found.decision, problem: found.problem }
      : [];
  });
}
