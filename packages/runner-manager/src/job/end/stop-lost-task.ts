import { setTimeout as sleep } from 'node:timers/promises';
import { paginateListTasks } from '@aws-sdk/client-ecs';
import { describeTasks, stopTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { tagValue } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';

/** Milliseconds before each search. ECS may list a task only seconds after its start, and may still be failing. */
const PAUSES_MS = [1000, 5000, 15_000, 30_000, 60_000];

/**
 * Finds and stops a task whose RunTask got no response, because the runner prepares the job again with another task. Never
 * rejects: a task that is not found within two minutes is stopped by its dead man's switch, since its helper gets no heartbeat.
 * @param signal aborts when the manager leaves, which stops all of its tasks anyway
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
      await stopTask(
        runTask.ecs,
        runTask.cluster,
        lost,
        'RunTask got no response, and its start was abandoned',
      );
      logger.warn('stopped a job task whose RunTask got no response', {
        taskArn: lost,
        startId,
      });
      return;
    } catch (error) {
      logger.warn('could not search for a job task whose RunTask got no response', {
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
