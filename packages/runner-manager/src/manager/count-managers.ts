import type { Logger } from '@aws-lambda-powertools/logger';
import type { ECSClient } from '@aws-sdk/client-ecs';
import { listTaskArns } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { MANAGER_STARTED_BY } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import { repeat } from '../repeat.ts';

/** The count changes within minutes. Fifty managers that count once a minute use a twelfth of the managers' share of reads. */
const MS_BETWEEN_COUNTS = 60_000;

/** Number of managers of all fleets in the cluster, including this one. */
export interface ManagerCount {
  now(): number;
  stop(): void;
}

/** Counts the cluster's managers now and every minute. If ECS does not answer, the last count is kept. */
export function countManagers(ecs: ECSClient, cluster: string, logger: Logger): ManagerCount {
  let managers = 1;
  const count = async () => {
    try {
      const arns = await listTaskArns(ecs, cluster, { startedBy: MANAGER_STARTED_BY });
      managers = Math.max(1, arns.length);
    } catch (error) {
      logger.warn('could not count the managers', { error: messageOf(error) });
    }
  };
  void count();
  return { now: () => managers, stop: repeat(MS_BETWEEN_COUNTS, count) };
}
