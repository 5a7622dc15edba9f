import { type FleetConfig, type FleetConfigInput, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';

/** A fleet as its document would make it, with what a test cares about; its jobs try Spot first unless the test says otherwise. */
export function fleetOf(more: Partial<FleetConfigInput> = {}): FleetConfig {
  return fleetConfigSchema.parse({
    version: 1,
    name: 'default',
    network: {
      subnets: ['subnet-1', 'subnet-2'],
      managerSecurityGroups: ['sg-manager'],
      jobSecurityGroups: ['sg-job'],
    },
    ...more,
    job: { capacity: ['FARGATE_SPOT', 'FARGATE'], ...more.job },
  });
}
