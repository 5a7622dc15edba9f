import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import type { Serving } from '@serverless-gitlab-runner/aws/ecs-tasks';
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
  serving: Serving;
  cause: LaunchCause;
  /** The first demand mark: milliseconds since 1970. */
  demandAt: number;
}

/** RunTask's parameters for one manager. It gets names only: the runner token stays where it is. */
export function runTaskInput(launch: ManagerLaunch): RunTaskCommandInput {
  const { cluster, config, serving, cause, demandAt } = launch;
  const runnerTokenParameter =
    serving.runnerTokenParameter ?? parameterNames(cause.parameterPrefix, serving.fleet).runnerToken;
  return {
    cluster,
    taskDefinition: managerFamily(serving.fleet),
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
            { name: MANAGER_ENVIRONMENT.fleet, value: serving.fleet },
            { name: MANAGER_ENVIRONMENT.runnerTokenParameter, value: runnerTokenParameter },
          ],
        },
      ],
    },
    tags: managerTags(serving, cause.slot, demandAt),
  };
}

/** The tags a manager starts with. */
export function managerTags(serving: Serving, slot: number, demandAt: number): TaskTag[] {
  return toTags({
    role: 'manager',
    fleet: serving.fleet,
    slot: String(slot),
    demand: new Date(demandAt).toISOString(),
    runnerTokenParameter: serving.runnerTokenParameter,
  });
}
