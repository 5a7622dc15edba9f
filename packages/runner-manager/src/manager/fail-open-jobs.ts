import type { Logger } from '@aws-lambda-powertools/logger';
import type { Fetch } from '@serverless-gitlab-runner/aws/https';
import { messageOf } from '../errors.ts';
import type { OpenJob } from '../job-executor.ts';

export interface FailJobsSettings {
  gitlabUrl: string;
  fetch: Fetch;
  logger: Logger;
}

const TIMEOUT_MS = 10_000;
/** GitLab only tells the length of its log when it refuses an update, so the first attempt is expected to fail. */
const MAX_TRIES = 3;

/**
 * Fails jobs whose runner died, as `runner_system_failure`, with the reason at the end of their logs. Otherwise GitLab would show
 * them as running until their timeout. Never rejects: GitLab ends jobs that could not be reported.
 * @param reason one sentence for the job log
 */
export async function failOpenJobs(
  settings: FailJobsSettings,
  jobs: readonly OpenJob[],
  reason: string,
): Promise<void> {
  await Promise.all(
    jobs.map(async (job) => {
      try {
        await appendToLog(settings, job, `\n\u001b[31;1mERROR: ${reason}\u001b[0;m\n`);
        await fail(settings, job);
      } catch (error) {
        settings.logger.warn('could not report to GitLab that a job failed because its runner died', {
          jobId: job.jobId,
          error: messageOf(error),
        });
      }
    }),
  );
}

/** @see https://docs.gitlab.com/api/runners/ and `PATCH /jobs/:id/trace` of GitLab Runner's network client */
async function appendToLog(
  { gitlabUrl, fetch }: FailJobsSettings,
  job: OpenJob,
  text: string,
): Promise<void> {
  const body = Buffer.from(text);
  for (let tries = 1, start = 0; tries <= MAX_TRIES; tries += 1) {
    const response = await fetch(urlOf(gitlabUrl, job, '/trace'), {
      method: 'PATCH',
      headers: {
        'job-token': job.token,
        'content-type': 'text/plain',
        'content-range': `${start}-${start + body.length - 1}`,
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return;
    const [, size] = /^0-(\d{1,15})$/.exec(response.headers.get('range') ?? '') ?? [];
    if (response.status !== 416 || size === undefined)
      throw new Error(`updating its log: status ${response.status}`);
    start = Number(size);
  }
  throw new Error('its log keeps growing: another runner has the job');
}

async function fail({ gitlabUrl, fetch, logger }: FailJobsSettings, job: OpenJob): Promise<void> {
  const response = await fetch(urlOf(gitlabUrl, job, ''), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: job.token, state: 'failed', failure_reason: 'runner_system_failure' }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`updating its state: status ${response.status}`);
  logger.warn('reported to GitLab that a job failed because its runner died', { jobId: job.jobId });
}

function urlOf(gitlabUrl: string, { jobId }: OpenJob, rest: string): string {
  return `${gitlabUrl.replace(/\/$/, '')}/api/v4/jobs/${jobId}${rest}`;
}
