import {
  ClientException,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { SystemFailureError } from '../errors.ts';
import type { JobTaskDefinition } from './task-definition.ts';

export interface RegisteredTaskDefinition {
  arn: string;
  /** Whether this call had to register it. */
  isNew: boolean;
}

/** The task definitions that a manager's jobs run with. */
export interface TaskDefinitionRegistry {
  /** Gives the ARN of a task definition, registering it only when it is not there. */
  find(definition: JobTaskDefinition): Promise<RegisteredTaskDefinition>;
  /**
   * Gives another one for a revision that ECS refuses to run, since somebody deregistered it.
   * @param refused its ARN
   */
  replace(definition: JobTaskDefinition, refused: string): Promise<RegisteredTaskDefinition>;
}

/**
 * Makes a registry. AWS throttles RegisterTaskDefinition hard, so each family is asked for once: jobs that come at one
 * time share the call, later ones its result. The client's own retries wait out throttling.
 */
export function createTaskDefinitionRegistry(ecs: ECSClient): TaskDefinitionRegistry {
  const known = new Map<string, Promise<RegisteredTaskDefinition>>();
  const find = async (definition: JobTaskDefinition, refused?: string): Promise<RegisteredTaskDefinition> => {
    const { family } = definition;
    const earlier = known.get(family);
    if (earlier) return { arn: (await earlier).arn, isNew: false };
    const found = findOrRegister(ecs, definition, refused);
    known.set(family, found);
    // A failure is not remembered: the next job tries anew.
    found.catch(() => known.delete(family));
    return found;
  };
  return {
    find: (definition) => find(definition),
    async replace(definition, refused) {
      const { family } = definition;
      const kept = known.get(family);
      const isKept = (await kept)?.arn === refused;
      // Jobs that are refused at one time share what the first of them finds.
      if (isKept && known.get(family) === kept) known.delete(family);
      return find(definition, refused);
    },
  };
}

/** @param refused not to be found again: a read may lag behind its deregistration */
async function findOrRegister(
  ecs: ECSClient,
  definition: JobTaskDefinition,
  refused: string | undefined,
): Promise<RegisteredTaskDefinition> {
  const existing = await findActive(ecs, definition.family);
  if (existing && existing !== refused) return { arn: existing, isNew: false };
  const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand(definition));
  if (!taskDefinition?.taskDefinitionArn) {
    throw new SystemFailureError('RegisterTaskDefinition answered without an ARN');
  }
  return { arn: taskDefinition.taskDefinitionArn, isNew: true };
}

async function findActive(ecs: ECSClient, family: string): Promise<string | undefined> {
  try {
    const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    return taskDefinition?.status === 'ACTIVE' ? taskDefinition.taskDefinitionArn : undefined;
  } catch (error) {
    // ECS's answer for a family that does not exist: "Unable to describe task definition."
    if (error instanceof ClientException) return undefined;
    throw error;
  }
}
