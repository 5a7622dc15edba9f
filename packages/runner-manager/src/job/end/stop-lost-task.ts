import { setTimeout as sleep } from 'node:timers/promises';
import { paginateListTasks } from '@aws-sdk/client-ecs';
import { describeTasks, stopTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { tagValue } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';

/** Milliseconds before each look: ECS may list a task some seconds after it was started, and may still be in trouble. */
const PAUSES_MS = [1000, 5000, 15_000, 30_000, 60_000];

/**
 * Looks for a task whose RunTask was not answered, and stops it: the runner prepares the job anew, with another. It never
 * fails: what is not found in two minutes ends by the dead man's switch, since nobody speaks to its helper.
 * @param signal aborts when the manager leaves, which stops all its tasks anyway
 */
export async function stopLostTask(
  { runTask, logger }: Pick<ExecutorContext, 'runTask' | 'logger'>,
  startId: string,
  signal: AbortSignal,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<void> {
  for (const pause of pausesMs) {
    await sleep(pause, undefined, { ref: false, signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      const lost = await findTask(runTask, startId);
      if (lost === undefined) continue;
      await stopTask(runTask.ecs, runTask.cluster, lost, 'its start was not answered, and was given up');
      logger.warn('a job task whose start was not answered was found and stopped', {
        taskArn: lost,
        startId,
      });
      return;
    } catch (error) {
      logger.warn('a job task whose start was not answered is looked for', {
        startId,
        error: messageOf(error),
      });
    }
  }
}

async function findTask(
  { ecs, cluster, startedBy }: ExecutorContext['runTask'],
  startId: string,
): Promise<string | undefined> {
  for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster, startedBy })) {
    const tasks = await describeTasks(ecs, cluster, taskArns);
    const found = tasks.find(({ tags }) => tagValue(tags, 'start') === startId);
    if (found?.taskArn) return found.taskArn;
  }
  return undefined;
}
