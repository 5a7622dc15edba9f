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

/** The task definitions of a manager's jobs. */
export interface TaskDefinitionRegistry {
  /** Finds a task definition, and registers it if it does not exist. */
  find(definition: JobTaskDefinition): Promise<RegisteredTaskDefinition>;
  /**
   * Replaces a revision that ECS refuses to run because it was deregistered.
   * @param refused ARN of that revision
   */
  replace(definition: JobTaskDefinition, refused: string): Promise<RegisteredTaskDefinition>;
}

/**
 * Creates a registry. AWS throttles RegisterTaskDefinition strictly, so each family is looked up once: concurrent jobs share the
 * call, later ones its result. The client's own retries handle throttling.
 */
export function createTaskDefinitionRegistry(ecs: ECSClient): TaskDefinitionRegistry {
  const known = new Map<string, Promise<RegisteredTaskDefinition>>();
  const find = async (definition: JobTaskDefinition, refused?: string): Promise<RegisteredTaskDefinition> => {
    const { family } = definition;
    const earlier = known.get(family);
    if (earlier) return { arn: (await earlier).arn, isNew: false };
    const found = findOrRegister(ecs, definition, refused);
    known.set(family, found);
    // A failure is not cached: the next job retries.
    found.catch(() => known.delete(family));
    return found;
  };
  return {
    find: (definition) => find(definition),
    async replace(definition, refused) {
      const { family } = definition;
      const kept = known.get(family);
      const isKept = (await kept)?.arn === refused;
      // Jobs that are refused concurrently share what the first of them finds.
      if (isKept && known.get(family) === kept) known.delete(family);
      return find(definition, refused);
    },
  };
}

/** @param refused an ARN that must not be returned again: a read may lag behind its deregistration */
async function findOrRegister(
  ecs: ECSClient,
  definition: JobTaskDefinition,
  refused: string | undefined,
): Promise<RegisteredTaskDefinition> {
  const existing = await findActive(ecs, definition.family);
  if (existing && existing !== refused) return { arn: existing, isNew: false };
  const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand(definition));
  if (!taskDefinition?.taskDefinitionArn) {
    throw new SystemFailureError('RegisterTaskDefinition returned no ARN');
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
