import { DescribeTasksCommand, type ECSClient, StopTaskCommand } from '@aws-sdk/client-ecs';
import { failureKind, failureName } from '@serverless-gitlab-runner/aws/calls';

/** Longest `reason` that StopTask accepts. */
const MAX_REASON_LENGTH = 255;

/** `reason` for StopTask, which ECS keeps as the task's stopped reason. All but `not-claimed` are the reaper's. */
export const STOP_REASONS = {
  'not-claimed': 'started ahead, and not claimed by a job',
  'claim-overdue': 'idle-reaper: started ahead, and not claimed by a job in time',
  orphaned: 'idle-reaper: its manager has ended',
  lifetime: 'idle-reaper: older than job.maxLifetimeSeconds of its fleet',
  'drain-overdue':
    'idle-reaper: drained and without a job, but still running after manager.drainGraceSeconds',
} as const;

const JOB_REASON = /^GitLab job (\d{1,15}): /;

/** `reason` for StopTask of a job's task. */
export function jobStopReason(jobId: number, why: string): string {
  return `GitLab job ${jobId}: ${why}`;
}

/** The job in a reason of `jobStopReason`; undefined for other reasons. */
export function jobOfStopReason(reason: string): number | undefined {
  const id = JOB_REASON.exec(reason)?.[1];
  return id === undefined ? undefined : Number(id);
}

/**
 * Stops a task.
 * @param task ARN or id
 * @returns false if it had already ended or was ending
 * @throws AWS's other errors, after the client's retries
 */
export async function stopTask(
  ecs: ECSClient,
  cluster: string,
  task: string,
  reason: string,
): Promise<boolean> {
  const input = { cluster, task, reason: reason.slice(0, MAX_REASON_LENGTH) };
  return unlessEnded(ecs, cluster, task, () => ecs.send(new StopTaskCommand(input)));
}

/**
 * Makes a call about a task that may have ended.
 * @returns false if the task had ended or was ending
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
        // StopTask deletes the tags that permit roles to stop and tag a task, so a second call is denied. Nothing is wrong then.
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
