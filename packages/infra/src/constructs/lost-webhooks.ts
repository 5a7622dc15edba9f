import {
  estimateCostUsd,
  type FargateSize,
  fargatePricesOf,
  safetyLaunchSecondsOf,
} from '@serverless-gitlab-runner/fleet';
import type { parseFleet } from '../fleet-props.ts';

/** A month, and how long a manager that finds nothing is there beyond its idle time: it starts, drains and leaves. */
const MONTH_SECONDS = 730 * 3600;
const AROUND_SECONDS = 120;

/** Where a manager for a safety launch runs, for its price. */
export interface ManagerPlace {
  readonly size: FargateSize;
  readonly architecture: 'X86_64' | 'ARM64';
  readonly hasPublicIp: boolean;
}

/** What becomes of a job whose webhook was lost, and what that costs: a sentence or two for whoever sets the fleet up. */
export function lostWebhooksNotice(fleet: ReturnType<typeof parseFleet>, place: ManagerPlace): string {
  const seconds = safetyLaunchSecondsOf(fleet);
  const asksGitlab = (fleet.gitlabApi?.projects ?? []).length > 0;
  if (seconds === 0) {
    const usd = safetyLaunchUsdOfMonth(fleet, place, 1800);
    return (
      `Fleet ${fleet.name} does not look for jobs whose webhook was lost: such a job waits until another one starts a manager. ` +
      'GitLab.com drops webhooks above 500 a minute and top-level namespace on Free (1,600 and more on Premium), and a job makes up to four. ' +
      'Free way out: an API token, and gitlabApi.projects. ' +
      `Else safetyLaunchSeconds: 1800, at most $${usd.toFixed(2)} a month`
    );
  }
  if (asksGitlab)
    return `Fleet ${fleet.name} asks GitLab every ${seconds} s whether a job waits whose webhook was lost, which is free`;
  const usd = safetyLaunchUsdOfMonth(fleet, place, seconds);
  return `Fleet ${fleet.name} starts a manager after ${seconds} s without one, in case a webhook was lost: at most $${usd.toFixed(2)} a month`;
}

/** At most: a fleet that nobody uses all month, by the prices of us-east-1. */
export function safetyLaunchUsdOfMonth(
  { manager }: Pick<ReturnType<typeof parseFleet>, 'manager'>,
  { size, architecture, hasPublicIp }: ManagerPlace,
  seconds: number,
): number {
  const lifeSeconds = manager.idleSeconds + AROUND_SECONDS;
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
