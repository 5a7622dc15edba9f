import { type ECSClient, StopTaskCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { failureKind } from '@serverless-gitlab-runner/aws-calls';
import { describeOurTasks, listTaskArns, type ManagerFacts } from '@serverless-gitlab-runner/ecs-tasks';
import { toTags } from '@serverless-gitlab-runner/fleet';

/** `reason` of StopTask, shown in the console as the task's stopped reason. */
const REASONS = {
  orphaned: 'idle-reaper: its manager has ended',
  lifetime: 'idle-reaper: older than job.maxLifetimeSeconds of its fleet',
  'drain-overdue': 'idle-reaper: drained, without a job, and still there after manager.drainGraceSeconds',
} as const;

/** @returns false when the task had ended already */
export async function stopTask(
  ecs: ECSClient,
  cluster: string,
  task: string,
  reason: keyof typeof REASONS,
): Promise<boolean> {
  return unlessEnded(ecs.send(new StopTaskCommand({ cluster, task, reason: REASONS[reason] })));
}

/** Whether ECS has a task now that this manager started. Asked again right before a stop, since lists lag. */
export async function hasJobTask(
  ecs: ECSClient,
  cluster: string,
  { taskId }: ManagerFacts,
): Promise<boolean> {
  const arns = await listTaskArns(ecs, cluster, { startedBy: taskId });
  return arns.length > 0;
}

/**
 * Writes the drain mark and then reads the manager again, in this order: the launcher writes its demand before it reads the
 * drain, so at least one of the two sees the other's mark.
 * @param drainAt milliseconds since 1970
 * @returns the manager with its drain mark and the newest demand, or undefined when it had ended already
 */
export async function drainManager(
  ecs: ECSClient,
  cluster: string,
  manager: ManagerFacts,
  drainAt: number,
): Promise<ManagerFacts | undefined> {
  const { taskArn: resourceArn } = manager;
  const tags = toTags({ drain: new Date(drainAt).toISOString() });
  const written = await unlessEnded(ecs.send(new TagResourceCommand({ resourceArn, tags })));
  if (!written) return undefined;
  const { managers } = await describeOurTasks(ecs, cluster, [resourceArn]);
  // A read that lags may lack the mark that was just written.
  return { ...(managers[0] ?? manager), drainAt };
}

/** ECS refuses to tag or stop what has ended: that is no failure. */
async function unlessEnded(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (failureKind(error) === 'refused') return false;
    throw error;
  }
}
