import { type FleetConfigInput, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import type { FleetFacts } from '../../src/index.ts';

export const minute = 60_000;
/** Now, in every table: more than a day after 1970, so that managers created at 0 are old. */
export const now = 100_000_000;

export function fleetInput(over: Partial<FleetConfigInput> = {}): FleetConfigInput {
  return {
    version: 1,
    name: 'default',
    network: { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] },
    ...over,
  };
}

/** A fleet with an idle time of ten minutes and a safety launch every half hour, written at 0. */
export function fleetFacts(
  over: Partial<FleetFacts> = {},
  config: Partial<FleetConfigInput> = {},
): FleetFacts {
  return {
    name: 'default',
    config: fleetConfigSchema.parse(
      fleetInput({ manager: { idleSeconds: 600 }, safetyLaunchSeconds: 1800, ...config }),
    ),
    configChangedAt: 0,
    ownTokenName: '/p/fleets/default/runner-token',
    tokensChangedAt: new Map([['/p/fleets/default/runner-token', 0]]),
    ...over,
  };
}
