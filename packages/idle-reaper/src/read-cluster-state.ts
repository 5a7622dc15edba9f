import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  describeManagedTasks,
  isAlive,
  type ManagedTasks,
  readManagedTasks,
  type TaskListing,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { managerFamily } from '@serverless-gitlab-runner/fleet';

/** The formats of ECS task ids. Any other `startedBy` is not a manager, and DescribeTasks would refuse the call. */
const TASK_ID = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads the cluster's managed tasks whose desired status is RUNNING, and the fleets' managers that ended within the last hour.
 * Managers of live job tasks that the lists lack are described by id, so that a stale list does not orphan a job task.
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
