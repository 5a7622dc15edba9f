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

/** Gives the ARN of a task definition, registering it only when it is not there. */
export type TaskDefinitionRegistry = (definition: JobTaskDefinition) => Promise<RegisteredTaskDefinition>;

/**
 * Makes a registry. AWS throttles RegisterTaskDefinition hard, so each family is asked for once: jobs that come at one
 * time share the call, later ones its result. The client's own retries wait out throttling.
 */
export function createTaskDefinitionRegistry(ecs: ECSClient): TaskDefinitionRegistry {
  const known = new Map<string, Promise<RegisteredTaskDefinition>>();
  return async (definition) => {
    const { family } = definition;
    const earlier = known.get(family);
    if (earlier) return { arn: (await earlier).arn, isNew: false };
    const found = findOrRegister(ecs, definition);
    known.set(family, found);
    // A failure is not remembered: the next job tries anew.
    found.catch(() => known.delete(family));
    return found;
  };
}

async function findOrRegister(
  ecs: ECSClient,
  definition: JobTaskDefinition,
): Promise<RegisteredTaskDefinition> {
  const existing = await findActive(ecs, definition.family);
  if (existing) return { arn: existing, isNew: false };
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
