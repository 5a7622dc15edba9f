import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';

/** Why AWS starts no task now. `quota`: the account's own limit of what may run at once. `no-room`: Fargate has nothing free. */
export type CapacityRefusal = 'quota' | 'no-room';

/** As in "You've reached the limit on the number of vCPUs you can run concurrently", "The requested CPU configuration is above your limit". */
const QUOTA =
  /\b(reached|above|exceed\w*)\b[^.]{0,40}\blimit\b|\blimit on the number of\b|\bcurrently blocked\b/i;
const NO_ROOM = /\bcapacity\b|\bRESOURCE:/i;

/** Reads the words of a RunTask that started nothing, of `failures[]` or of an error; undefined: they tell of something else. */
export function capacityRefusal(reason: string): CapacityRefusal | undefined {
  if (QUOTA.test(reason)) return 'quota';
  return NO_ROOM.test(reason) ? 'no-room' : undefined;
}

const QUOTA_NAMES: Readonly<Record<CapacityProvider, string>> = {
  FARGATE: 'Fargate On-Demand vCPU resource count',
  FARGATE_SPOT: 'Fargate Spot vCPU resource count',
};

/**
 * Which quota was reached, and what to do about it.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
 */
export function quotaAdvice(provider: CapacityProvider, reason: string): string {
  return /currently blocked/i.test(reason)
    ? 'AWS has not opened this account for Fargate yet: ask AWS Support.'
    : `The account's quota "${QUOTA_NAMES[provider]}" is reached: request more in Service Quotas, service AWS Fargate.`;
}
