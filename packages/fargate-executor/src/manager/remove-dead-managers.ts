import { DescribeTasksCommand, type ECSClient, paginateListTasks, type Task } from '@aws-sdk/client-ecs';
import {
  MANAGER_CONTAINER,
  managerFamily,
  parameterNames,
  tagValue,
  taskIdOf,
} from '@serverless-gitlab-runner/fleet';
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
  parameterPrefix: string;
  /** Undefined: the fleet's own runner token. */
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
    for (const { taskArn = '' } of await deadManagers(predecessors))
      await api.unregister(systemIdOf(taskIdOf(taskArn)));
  } catch (error) {
    logger.warn('dead managers stay in GitLab’s list', { error: messageOf(error) });
  }
}

async function deadManagers(predecessors: Predecessors): Promise<Task[]> {
  const { ecs, cluster, fleet, parameterPrefix, runnerTokenParameter } = predecessors;
  // The fleet's own parameter has no tag, though the launcher names it to the manager.
  const own = parameterNames(parameterPrefix, fleet).runnerToken;
  const tasks: string[] = [];
  const query = { cluster, family: managerFamily(fleet), desiredStatus: 'STOPPED' } as const;
  for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, query)) tasks.push(...taskArns);
  if (tasks.length === 0) return [];
  const described = await ecs.send(
    new DescribeTasksCommand({ cluster, tasks: tasks.slice(0, MOST_TASKS), include: ['TAGS'] }),
  );
  return (described.tasks ?? []).filter(
    (task) =>
      task.lastStatus === 'STOPPED' &&
      tagValue(task.tags, 'role') === 'manager' &&
      tagValue(task.tags, 'fleet') === fleet &&
      (tagValue(task.tags, 'runnerTokenParameter') ?? own) === (runnerTokenParameter ?? own) &&
      !leftByItself(task),
  );
}

/** A manager that left by itself ended with 0 and has unregistered. */
function leftByItself({ containers = [] }: Task): boolean {
  return containers.some(({ name, exitCode }) => name === MANAGER_CONTAINER && exitCode === 0);
}
