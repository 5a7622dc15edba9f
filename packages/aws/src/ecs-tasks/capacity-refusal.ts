import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';

/** Why AWS starts no task now. `quota`: a concurrency quota of the account is reached. `no-capacity`: Fargate has no capacity. */
export type CapacityRefusal = 'quota' | 'no-capacity';

/**
 * Matches "You've reached the limit on the number of vCPUs you can run concurrently" and "The requested CPU configuration is above
 * your limit".
 */
const QUOTA =
  /\b(reached|above|exceed\w*)\b[^.]{0,40}\blimit\b|\blimit on the number of\b|\bcurrently blocked\b/i;
const NO_CAPACITY = /\bcapacity\b|\bRESOURCE:/i;

/** Classifies the text of a failed RunTask, from `failures[]` or an error. Undefined: the failure is not about capacity. */
export function capacityRefusal(reason: string): CapacityRefusal | undefined {
  if (QUOTA.test(reason)) return 'quota';
  return NO_CAPACITY.test(reason) ? 'no-capacity' : undefined;
}

const QUOTA_NAMES: Readonly<Record<CapacityProvider, string>> = {
  FARGATE: 'Fargate On-Demand vCPU resource count',
  FARGATE_SPOT: 'Fargate Spot vCPU resource count',
};

/**
 * Names the quota that was reached, and what to do about it.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
 */
export function quotaAdvice(provider: CapacityProvider, reason: string): string {
  return /currently blocked/i.test(reason)
    ? 'AWS has not enabled Fargate for this account yet: contact AWS Support.'
    : `The account's quota "${QUOTA_NAMES[provider]}" is reached: request more in Service Quotas, service AWS Fargate.`;
}
