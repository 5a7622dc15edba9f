import {
  architectureSchema,
  checkIntervalSecondsOf,
  DEFAULT_MANAGER_SIZE,
  type FleetConfig,
  fargatePricesOf,
  fargatePricesSchema,
} from '@serverless-gitlab-runner/fleet';
import { type FleetSettings, type Policy, policyByName } from '@serverless-gitlab-runner/simulation';
import * as z from 'zod';
import { parseJson } from '../parse-json.ts';

/** The installation's settings that its costs depend on, as written: on the command line, numbers and objects are texts. */
const installationSchema = z.object({
  managerCpu: z.coerce.number().positive().default(DEFAULT_MANAGER_SIZE.cpu).catch(DEFAULT_MANAGER_SIZE.cpu),
  managerMemoryMiB: z.coerce
    .number()
    .positive()
    .default(DEFAULT_MANAGER_SIZE.memory)
    .catch(DEFAULT_MANAGER_SIZE.memory),
  managerArchitecture: architectureSchema.default('X86_64').catch('X86_64'),
  fargatePrices: z
    .preprocess((value) => (typeof value === 'string' ? parseJson(value) : value), fargatePricesSchema)
    .optional()
    .catch(undefined),
});
export type PricedInstallation = z.infer<typeof installationSchema> & { region: string };

/** Reads them from the settings of the last deployment; without these, the defaults. */
export function pricedInstallation(
  region: string,
  installation: Readonly<Record<string, unknown>> | undefined,
): PricedInstallation {
  return { region, ...installationSchema.parse(installation ?? {}) };
}

/** The settings of a fleet for its simulation. */
export function simulatedSettings(config: FleetConfig, installation: PricedInstallation): FleetSettings {
  const { manager, ahead, network } = config;
  const { region, fargatePrices, managerCpu, managerMemoryMiB, managerArchitecture } = installation;
  const [capacityProvider = 'FARGATE'] = manager.capacity;
  return {
    maxManagers: manager.max,
    concurrentJobs: manager.concurrentJobs,
    unclaimedVcpu: ahead.maxVcpu,
    isUnclaimedVcpuPerManager: true,
    instanceVcpu: 0,
    managerLimits: manager,
    managerTask: {
      cpu: managerCpu,
      memory: managerMemoryMiB,
      placement: { architecture: managerArchitecture, capacityProvider },
    },
    prices: {
      prices: fargatePricesOf(region, fargatePrices).prices,
      hasPublicIp: network.assignPublicIp,
    },
  };
}

export type AheadStart = FleetConfig['ahead']['start'];

/** What a fleet does with a value of `ahead.start`. */
export function policyFor(config: FleetConfig, start: AheadStart): Policy {
  const { manager, ahead } = config;
  return {
    ...policyByName(start === 'next' ? 'next-end' : 'today'),
    idleMs: manager.idleSeconds * 1000,
    pollSeconds: checkIntervalSecondsOf({ manager, ahead: { ...ahead, start } }),
  };
}
