import type { Logger } from '@aws-lambda-powertools/logger';
import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  describeManagedTasks,
  isSameQueue,
  listTaskArns,
  type ManagerFacts,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { isWebhookRunnerToken, managerFamily } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import type { RunnerApi } from './gitlab-api.ts';
import { systemIdOf } from './runner-config.ts';

/** Limit of DescribeTasks. ECS lists tasks that stopped within the last hour, so more are rare. */
const MAX_TASKS = 100;

/** Selects the earlier managers of the same fleet and the same runner token. */
export interface Predecessors {
  ecs: ECSClient;
  cluster: string;
  fleet: string;
  /** From the launcher's override; undefined for the fleet's own. */
  runnerTokenParameter: string | undefined;
}

/**
 * Removes managers whose task ended without unregistering (killed, crashed) from the runner's list in GitLab, which would show
 * them for another seven days. Never rejects: GitLab removes the remaining ones by itself.
 */
export async function removeDeadManagers(
  predecessors: Predecessors,
  api: Pick<RunnerApi, 'unregister'>,
  logger: Logger,
): Promise<void> {
  try {
    for (const { taskId } of await deadManagers(predecessors)) await api.unregister(systemIdOf(taskId));
  } catch (error) {
    logger.warn("could not remove dead managers from GitLab's list", { error: messageOf(error) });
  }
}

async function deadManagers(predecessors: Predecessors): Promise<ManagerFacts[]> {
  const { ecs, cluster, fleet, runnerTokenParameter: parameter } = predecessors;
  const tasks = await listTaskArns(ecs, cluster, { family: managerFamily(fleet), desiredStatus: 'STOPPED' });
  const { managers } = await describeManagedTasks(ecs, cluster, tasks.slice(0, MAX_TASKS));
  const isFromWebhook = parameter !== undefined && isWebhookRunnerToken(parameter, fleet);
  const queue = { fleet, runnerTokenParameter: isFromWebhook ? parameter : undefined };
  // A manager that left by itself exited with 0 and has unregistered.
  return managers.filter(
    (manager) => manager.state === 'stopped' && isSameQueue(manager, queue) && manager.exitCode !== 0,
  );
}
