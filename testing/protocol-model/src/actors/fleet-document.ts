import { type FleetConfig, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import type { FleetFacts } from '@serverless-gitlab-runner/idle-reaper';
import { START } from '../clock.ts';
import type { Schedule } from '../schedule.ts';

const TOKEN = '/p/fleets/default/runner-token';

/** The document of the only fleet. */
export function configOf({ fleet }: Schedule): FleetConfig {
  const { spot, safetyLaunchSeconds, aheadPercent: _, ...manager } = fleet;
  return fleetConfigSchema.parse({
    version: 1,
    name: 'default',
    manager: { ...manager, capacity: spot ? ['FARGATE_SPOT', 'FARGATE'] : ['FARGATE'] },
    network: { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] },
    safetyLaunchSeconds,
  });
}

/** The fleet as the reaper reads it from SSM. @param changedAt when its runner token was last written */
export function fleetFacts(config: FleetConfig, changedAt: number, isIdle: boolean): Map<string, FleetFacts> {
  const facts: FleetFacts = {
    name: 'default',
    config: isIdle ? { ...config, safetyLaunchSeconds: 0 } : config,
    configChangedAt: START - 1000,
    ownTokenName: TOKEN,
    tokensChangedAt: new Map([[TOKEN, changedAt]]),
  };
  return new Map([[facts.name, facts]]);
}

/** When document and token were last written. */
export function writtenAt({ token }: Schedule, now: number): number {
  const replacedAt = START + (token?.replacedAt ?? 0) * 1000;
  return token && now >= replacedAt ? replacedAt : START - 1000;
}
