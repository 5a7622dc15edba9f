import type { JobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { familyOf, fleetOfJobFamily } from '@serverless-gitlab-runner/fleet';

/** An active task definition. */
export interface DefinitionFacts {
  /** `…:task-definition/<family>:<revision>`. */
  arn: string;
  /** Milliseconds since 1970; undefined: ECS did not tell. */
  registeredAt: number | undefined;
}

export interface DefinitionCase {
  /** Anybody's. */
  definition: DefinitionFacts;
  /** All job tasks that ECS tells of. */
  jobTasks: readonly JobTaskFacts[];
  /** Milliseconds since 1970. */
  now: number;
}

/** ECS tells nothing of a definition's last use. A manager that needs it again registers it: once a shape of jobs and month. */
const LIFETIME_MS = 30 * 24 * 3_600_000;

/** Whether a definition is one of job tasks, was registered long ago, and no task of its family is known. */
export function isUnusedDefinition({ definition, jobTasks, now }: DefinitionCase): boolean {
  const { arn, registeredAt } = definition;
  const family = familyOf(arn);
  if (fleetOfJobFamily(family) === undefined || registeredAt === undefined) return false;
  if (now - registeredAt <= LIFETIME_MS) return false;
  return !jobTasks.some((task) => task.family === family);
}
