import { DescribeTasksCommand, type ECSClient, StopTaskCommand } from '@aws-sdk/client-ecs';
import { failureKind, failureName } from '@serverless-gitlab-runner/aws/calls';

/** Longest `reason` that StopTask takes. */
const MOST_REASON_CHARACTERS = 255;

/** Why the reaper stops tasks: `reason` of StopTask, which ECS keeps as the task's stopped reason. */
export const STOP_REASONS = {
  orphaned: 'idle-reaper: its manager has ended',
  lifetime: 'idle-reaper: older than job.maxLifetimeSeconds of its fleet',
  'drain-overdue': 'idle-reaper: drained, without a job, and still there after manager.drainGraceSeconds',
} as const;

/**
 * Stops a task.
 * @param task ARN or id
 * @returns false when it had ended, or was ending, already
 * @throws what AWS answers otherwise, after the client's retries
 */
export async function stopTask(
  ecs: ECSClient,
  cluster: string,
  task: string,
  reason: string,
): Promise<boolean> {
  const input = { cluster, task, reason: reason.slice(0, MOST_REASON_CHARACTERS) };
  return unlessEnded(ecs, cluster, task, () => ecs.send(new StopTaskCommand(input)));
}

/**
 * Makes a call about a task that may have ended.
 * @returns false when it had ended, or was ending
 */
export async function unlessEnded(
  ecs: ECSClient,
  cluster: string,
  task: string,
  call: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    switch (failureKind(error)) {
      case 'refused':
        if (failureName(error) === 'ClusterNotFoundException') throw error;
        return false;
      case 'access-denied':
        // StopTask deletes the tags by which roles may stop and tag tasks: the second call is denied, though nothing is wrong.
        if (await isEnding(ecs, cluster, task)) return false;
        throw error;
      default:
        throw error;
    }
  }
}

async function isEnding(ecs: ECSClient, cluster: string, task: string): Promise<boolean> {
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [task] }));
  return tasks?.some(({ desiredStatus }) => desiredStatus === 'STOPPED') === true;
}
