import type { Job } from '../model/pipeline.ts';

/** Whether GitLab retries a failed job automatically (Gitlab::Ci::Build::AutoRetry). */
export function isRetriedAutomatically(job: Job): boolean {
  const { retry } = job.definition;
  if (retry === undefined || job.retried || job.retriesCount >= retry.max) return false;
  const when = retry.when ?? (retry.exitCodes ? [] : ['always']);
  const byReason = when.includes('always') || when.includes(job.failureReason ?? '');
  return byReason || (job.exitCode !== null && (retry.exitCodes ?? []).includes(job.exitCode));
}
