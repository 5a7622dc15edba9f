import type { JobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { familyOf, fleetOfJobFamily } from '@serverless-gitlab-runner/fleet';

/** An active task definition. */
export interface DefinitionFacts {
  /** `…:task-definition/<family>:<revision>`. */
  arn: string;
  /** Milliseconds since 1970; undefined if ECS returned none. */
  registeredAt: number | undefined;
}

export interface DefinitionCase {
  /** Any task definition of the account. */
  definition: DefinitionFacts;
  /** All job tasks that ECS lists. */
  jobTasks: readonly JobTaskFacts[];
  /** Milliseconds since 1970. */
  now: number;
}

/** ECS does not record a definition's last use. A manager that needs it again registers it: once a month for each job shape. */
const LIFETIME_MS = 30 * 24 * 3_600_000;

/** Whether a definition belongs to job tasks, was registered long ago, and no task of its family is listed. */
export function isUnusedDefinition({ definition, jobTasks, now }: DefinitionCase): boolean {
  const { arn, registeredAt } = definition;
  const family = familyOf(arn);
  if (fleetOfJobFamily(family) === undefined || registeredAt === undefined) return false;
  if (now - registeredAt <= LIFETIME_MS) return false;
  return !jobTasks.some((task) => task.family === family);
}
