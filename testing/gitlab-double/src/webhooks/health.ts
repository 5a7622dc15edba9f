import type { WebhookHealth } from './webhook.ts';

/** A hook is left alone from this failure in a row on … */
const BACKOFF_FROM = 4;
/** … and for good from this one. */
const DISABLED_FROM = 40;
const FIRST_BACKOFF_MS = 60_000;
const LONGEST_BACKOFF_MS = 24 * 60 * 60_000;

export const HEALTHY: WebhookHealth = { failures: 0, disabledUntil: 0 };

/** 2xx and 3xx count as success (`web_hook_service.rb`). */
export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 400;
}

export function isDisabled(health: WebhookHealth, now: number): boolean {
  return now < health.disabledUntil;
}

/**
 * How a webhook stands after a delivery: after the fourth failure in a row it is disabled for a minute, doubling to a day, after the
 * fortieth for good (GitLab.com's `auto-disabled webhooks`). A success makes it healthy again.
 */
export function afterDelivery(health: WebhookHealth, success: boolean, now: number): WebhookHealth {
  if (success) return HEALTHY;
  const failures = health.failures + 1;
  if (failures < BACKOFF_FROM) return { failures, disabledUntil: 0 };
  if (failures >= DISABLED_FROM) return { failures, disabledUntil: Number.POSITIVE_INFINITY };
  const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - BACKOFF_FROM), LONGEST_BACKOFF_MS);
  return { failures, disabledUntil: now + backoff };
}
