import * as z from 'zod';
import type { LaunchFailure } from '../read-launch-failures.ts';
import type { LogLine } from '../read-log-lines.ts';
import type { LaunchDecision, ReceivedWebhook } from './job-facts.ts';

const webhookSchema = z.object({
  message: z.literal('webhook answered'),
  event: z.literal('queued'),
  jobId: z.number(),
  fleet: z.string(),
  projectId: z.number().optional(),
});
const decidedSchema = z.object({
  message: z.literal('jobs decided'),
  jobs: z.array(z.object({ jobId: z.number(), fleet: z.string(), outcome: z.string() })),
});
const tagsSchema = z.object({
  message: z.literal('no fleet takes the job'),
  jobId: z.number(),
  tagList: z.array(z.string()),
});
const statusSchema = z.object({
  message: z.literal('job no longer waiting'),
  jobId: z.number(),
  status: z.string(),
});

/** The accepted webhooks of a job in the receiver's log. */
export function webhooksOf(jobId: number, lines: readonly LogLine[]): ReceivedWebhook[] {
  return lines.flatMap(({ at, fields }) => {
    const line = webhookSchema.safeParse(fields).data;
    return line?.jobId === jobId ? { at, fleet: line.fleet, projectId: line.projectId } : [];
  });
}

/**
 * What the launcher decided about a job, from its log.
 * @param lines those that contain the job's id
 * @param failures its failures, oldest first
 */
export function decisionsOf(
  jobId: number,
  lines: readonly LogLine[],
  failures: readonly LaunchFailure[],
): LaunchDecision[] {
  const reasons = new Map<string, string>();
  for (const { fields } of lines) {
    const tags = tagsSchema.safeParse(fields).data;
    if (tags?.jobId === jobId)
      reasons.set('no-fleet-takes-it', `its tags are ${tags.tagList.join(', ') || 'none'}`);
    const status = statusSchema.safeParse(fields).data;
    if (status?.jobId === jobId) reasons.set('job-not-waiting', status.status);
  }
  return lines.flatMap(({ at, fields }) => {
    const jobs = decidedSchema.safeParse(fields).data?.jobs ?? [];
    return jobs
      .filter((job) => job.jobId === jobId)
      .map(({ fleet, outcome }) => ({
        at,
        fleet,
        outcome,
        message: reasons.get(outcome) ?? failureBefore(failures, fleet, outcome, at),
      }));
  });
}

/** The message of the last failure of that fleet and reason. A failure is logged before the decisions that it causes. */
function failureBefore(
  failures: readonly LaunchFailure[],
  fleet: string,
  outcome: string,
  at: number,
): string | undefined {
  const isMeant = (failure: LaunchFailure) =>
    failure.fleet === fleet && failure.at <= at && outcome.endsWith(`: ${failure.reason}`);
  return failures.findLast(isMeant)?.message;
}
