import type { WebhookHealth } from './webhook.ts';

/** Consecutive failures after which a hook is disabled temporarily. */
const BACKOFF_FROM = 4;
/** Consecutive failures after which a hook is disabled permanently. */
const DISABLED_FROM = 40;
const FIRST_BACKOFF_MS = 60_000;
const MAX_BACKOFF_MS = 24 * 60 * 60_000;

export const HEALTHY: WebhookHealth = { failures: 0, disabledUntil: 0 };

/** 2xx and 3xx count as success (`web_hook_service.rb`). */
export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 400;
}

export function isDisabled(health: WebhookHealth, now: number): boolean {
  return now < health.disabledUntil;
}

/**
 * Computes a webhook's health after a delivery. The fourth consecutive failure disables it for a minute, each further one for
 * twice the time, up to a day; the fortieth disables it permanently (GitLab.com's `auto-disabled webhooks`). A success resets it.
 */
export function afterDelivery(health: WebhookHealth, success: boolean, now: number): WebhookHealth {
  if (success) return HEALTHY;
  const failures = health.failures + 1;
  if (failures < BACKOFF_FROM) return { failures, disabledUntil: 0 };
  if (failures >= DISABLED_FROM) return { failures, disabledUntil: Number.POSITIVE_INFINITY };
  const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - BACKOFF_FROM), MAX_BACKOFF_MS);
  return { failures, disabledUntil: now + backoff };
}
