import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import type { RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import {
  type FleetConfig,
  MANAGER_CONTAINER,
  MANAGER_ENVIRONMENT,
  MANAGER_STARTED_BY,
  managerFamily,
  parameterNames,
  type TaskTag,
  toTags,
} from '@serverless-gitlab-runner/fleet';
import { type LaunchCause, launchToken } from './launch-token.ts';

export interface ManagerLaunch {
  cluster: string;
  config: FleetConfig;
  runnerQueue: RunnerQueue;
  cause: LaunchCause;
  /** The first demand mark: milliseconds since 1970. */
  demandAt: number;
}

/** RunTask's parameters for one manager. They contain parameter names only, never the runner token. */
export function runTaskInput(launch: ManagerLaunch): RunTaskCommandInput {
  const { cluster, config, runnerQueue, cause, demandAt } = launch;
  const runnerTokenParameter =
    runnerQueue.runnerTokenParameter ?? parameterNames(cause.parameterPrefix, runnerQueue.fleet).runnerToken;
  return {
    cluster,
    taskDefinition: managerFamily(runnerQueue.fleet),
    count: 1,
    clientToken: launchToken(cause),
    startedBy: MANAGER_STARTED_BY,
    capacityProviderStrategy: [{ capacityProvider: cause.capacityProvider, weight: 1 }],
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: config.network.subnets,
        securityGroups: config.network.managerSecurityGroups,
        assignPublicIp: config.network.assignPublicIp ? 'ENABLED' : 'DISABLED',
      },
    },
    overrides: {
      containerOverrides: [
        {
          name: MANAGER_CONTAINER,
          environment: [
            { name: MANAGER_ENVIRONMENT.fleet, value: runnerQueue.fleet },
            { name: MANAGER_ENVIRONMENT.runnerTokenParameter, value: runnerTokenParameter },
          ],
        },
      ],
    },
    tags: managerTags(runnerQueue, cause.slot, demandAt),
  };
}

/** The tags a manager starts with. */
export function managerTags(runnerQueue: RunnerQueue, slot: number, demandAt: number): TaskTag[] {
  return toTags({
    role: 'manager',
    fleet: runnerQueue.fleet,
    slot: String(slot),
    demand: new Date(demandAt).toISOString(),
    runnerTokenParameter: runnerQueue.runnerTokenParameter,
  });
}
