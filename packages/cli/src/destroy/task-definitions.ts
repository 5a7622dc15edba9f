import {
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  type ECSClient,
  paginateListTaskDefinitionFamilies,
  paginateListTaskDefinitions,
} from '@aws-sdk/client-ecs';
import { JOB_FAMILY_PREFIX, MANAGER_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import { OperationError } from '../operation-error.ts';
import { chunks, type ResourceKind, unlessGone } from './resource-kind.ts';

/** DeleteTaskDefinitions takes at most ten. */
const PER_CALL = 10;

/**
 * Task definitions of jobs and managers, also deregistered ones: CloudFormation deregisters the managers', and ECS keeps those
 * until they are deleted.
 */
export function taskDefinitions(ecs: ECSClient): ResourceKind {
  const listed = (status: 'ACTIVE' | 'INACTIVE') => listDefinitions(ecs, status);
  return {
    what: 'task definitions of jobs and managers',
    list: async () => [...(await listed('ACTIVE')), ...(await listed('INACTIVE'))],
    async remove(names) {
      const active = new Set(await listed('ACTIVE'));
      // ECS has no error of its own for a definition that does not exist.
      for (const taskDefinition of names)
        if (active.has(taskDefinition))
          await unlessGone(/^ClientException$/, () =>
            ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition })),
          );
      for (const part of chunks(names, PER_CALL)) {
        const { failures = [] } = await ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions: part }));
        const [failure] = failures.filter(({ reason }) => !/NOT_FOUND|MISSING/i.test(reason ?? ''));
        if (failure)
          throw new OperationError(
            `ECS did not delete ${failure.arn}: ${failure.reason} ${failure.detail ?? ''}`.trimEnd(),
          );
      }
      return [];
    },
  };
}

/** All revisions of a status, as `family:revision`. */
async function listDefinitions(client: ECSClient, status: 'ACTIVE' | 'INACTIVE'): Promise<string[]> {
  const names = new Set<string>();
  for (const familyPrefix of await listFamilies(client))
    for await (const page of paginateListTaskDefinitions({ client }, { familyPrefix, status }))
      for (const arn of page.taskDefinitionArns ?? []) names.add(arn.slice(arn.lastIndexOf('/') + 1));
  return [...names].sort();
}

async function listFamilies(client: ECSClient): Promise<string[]> {
  const found: string[] = [];
  for (const familyPrefix of [JOB_FAMILY_PREFIX, MANAGER_FAMILY_PREFIX]) {
    const query = { familyPrefix, status: 'ALL' as const };
    for await (const { families = [] } of paginateListTaskDefinitionFamilies({ client }, query))
      found.push(...families);
  }
  return found;
}
