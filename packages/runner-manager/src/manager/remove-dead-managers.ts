import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  describeManagedTasks,
  isSameQueue,
  listTaskArns,
  type ManagerFacts,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { isWebhookRunnerToken, managerFamily } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { RunnerApi } from './gitlab-api.ts';
import { systemIdOf } from './runner-config.ts';

/** DescribeTasks takes a hundred; ECS lists what stopped within the hour, so there are seldom more. */
const MOST_TASKS = 100;

/** The managers that this one follows: of the same fleet, and with the same runner token. */
export interface Predecessors {
  ecs: ECSClient;
  cluster: string;
  fleet: string;
  /** As the launcher told it; undefined: the fleet's own. */
  runnerTokenParameter: string | undefined;
}

/**
 * Removes managers whose task ended without unregistering (killed, crashed) from the runner's list at GitLab, which would
 * show them for another seven days. It never fails: those it misses GitLab forgets by itself.
 */
export async function removeDeadManagers(
  predecessors: Predecessors,
  api: Pick<RunnerApi, 'unregister'>,
  logger: Logger,
): Promise<void> {
  try {
    for (const { taskId } of await deadManagers(predecessors)) await api.unregister(systemIdOf(taskId));
  } catch (error) {
    logger.warn('dead managers stay in GitLab’s list', { error: messageOf(error) });
  }
}

async function deadManagers(predecessors: Predecessors): Promise<ManagerFacts[]> {
  const { ecs, cluster, fleet, runnerTokenParameter: told } = predecessors;
  const tasks = await listTaskArns(ecs, cluster, { family: managerFamily(fleet), desiredStatus: 'STOPPED' });
  const { managers } = await describeManagedTasks(ecs, cluster, tasks.slice(0, MOST_TASKS));
  const isFromWebhook = told !== undefined && isWebhookRunnerToken(told, fleet);
  const serving = { fleet, runnerTokenParameter: isFromWebhook ? told : undefined };
  // A manager that left by itself ended with 0 and has unregistered.
  return managers.filter(
    (manager) => manager.state === 'stopped' && isSameQueue(manager, serving) && manager.exitCode !== 0,
  );
}
