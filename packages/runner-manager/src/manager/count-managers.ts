import type { ECSClient } from '@aws-sdk/client-ecs';
import { listTaskArns } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { MANAGER_STARTED_BY } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { repeat } from '../repeat.ts';

/** Managers come and go in minutes; each of fifty that asks once a minute takes a twelfth of what managers may read. */
const MS_BETWEEN_COUNTS = 60_000;

/** How many managers there are, of all fleets of the cluster, this one included. */
export interface ManagerCount {
  now(): number;
  stop(): void;
}

/** Counts the cluster's managers now and every minute; where ECS does not tell, what it told last holds. */
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
