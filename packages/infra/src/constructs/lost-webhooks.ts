import {
  estimateCostUsd,
  type FargateSize,
  fargatePricesOf,
  safetyLaunchSecondsOf,
} from '@serverless-gitlab-runner/fleet';
import type { parseFleet } from '../fleet-props.ts';

const MONTH_SECONDS = 730 * 3600;
/** Time that a manager without jobs runs in addition to its idle time: start, drain and exit. */
const START_AND_DRAIN_SECONDS = 120;

/** Properties of a manager that determine its price. */
export interface ManagerPricing {
  readonly size: FargateSize;
  readonly architecture: 'X86_64' | 'ARM64';
  readonly hasPublicIp: boolean;
}

/** Explains what happens to a job whose webhook was lost, and what that costs, for the person who configures the fleet. */
export function lostWebhooksNotice(fleet: ReturnType<typeof parseFleet>, pricing: ManagerPricing): string {
  const seconds = safetyLaunchSecondsOf(fleet);
  const asksGitlab = (fleet.gitlabApi?.projects ?? []).length > 0;
  if (seconds === 0) {
    const usd = monthlySafetyLaunchUsd(fleet, pricing, 1800);
    return (
      `Fleet ${fleet.name} does not detect lost webhooks: a job whose webhook was lost waits until another webhook starts a manager. ` +
      'GitLab.com drops webhooks above 500 a minute and top-level namespace on Free (1,600 and more on Premium), and a job sends up to four. ' +
      'To detect them for free, set an API token and gitlabApi.projects. ' +
      `Otherwise set safetyLaunchSeconds: 1800, at most $${usd.toFixed(2)} a month`
    );
  }
  if (asksGitlab)
    return `Fleet ${fleet.name} detects lost webhooks: it asks GitLab every ${seconds} s whether a job waits, which is free`;
  const usd = monthlySafetyLaunchUsd(fleet, pricing, seconds);
  return `Fleet ${fleet.name} starts a manager after ${seconds} s without one, in case a webhook was lost: at most $${usd.toFixed(2)} a month`;
}

/** Maximum: for a fleet that is unused all month, at us-east-1's prices. */
export function monthlySafetyLaunchUsd(
  { manager }: Pick<ReturnType<typeof parseFleet>, 'manager'>,
  { size, architecture, hasPublicIp }: ManagerPricing,
  seconds: number,
): number {
  const lifeSeconds = manager.idleSeconds + START_AND_DRAIN_SECONDS;
  const { prices } = fargatePricesOf('us-east-1');
  const [capacityProvider = 'FARGATE'] = manager.capacity;
  const once = estimateCostUsd({
    ...size,
    architecture,
    capacityProvider,
    seconds: lifeSeconds,
    prices,
    hasPublicIp,
  });
  return (once * MONTH_SECONDS) / (seconds + lifeSeconds);
}
