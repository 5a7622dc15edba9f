import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  describeManagedTasks,
  isAlive,
  type ManagedTasks,
  readManagedTasks,
  type TaskListing,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { managerFamily } from '@serverless-gitlab-runner/fleet';

/** What ECS makes of a task's id; anything else in `startedBy` is no manager, and DescribeTasks would refuse the call. */
const TASK_ID = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads our tasks of the cluster that are to run, and the fleets' managers that ended within the hour. Managers of live job
 * tasks that the lists lack are asked for by id: a list that lags must not make an orphan.
 */
export async function readClusterState(
  ecs: ECSClient,
  cluster: string,
  fleets: readonly string[],
): Promise<ManagedTasks> {
  const ended = fleets.map(
    (fleet): TaskListing => ({ desiredStatus: 'STOPPED', family: managerFamily(fleet) }),
  );
  const clusterState = await readManagedTasks(ecs, cluster, [{ desiredStatus: 'RUNNING' }, ...ended]);
  const known = new Set(clusterState.managers.map(({ taskId }) => taskId));
  const owners = clusterState.jobTasks.filter(isAlive).flatMap(({ managerTaskId }) => managerTaskId ?? []);
  const missing = [...new Set(owners)].filter((id) => !known.has(id) && TASK_ID.test(id));
  if (missing.length > 0) {
    const found = await describeManagedTasks(ecs, cluster, missing);
    clusterState.managers.push(...found.managers);
  }
  return clusterState;
}
