import { DescribeTaskDefinitionCommand, type ECSClient } from '@aws-sdk/client-ecs';
import { managerFamily } from '@serverless-gitlab-runner/fleet';

/** ARNs of the task definitions that the next managers start with, by fleet. A fleet without an active one is not in it. */
export async function newestDefinitions(
  ecs: ECSClient,
  fleets: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    [...new Set(fleets)].map(async (fleet) => [fleet, await newestDefinition(ecs, fleet)] as const),
  );
  return new Map(found.flatMap(([fleet, arn]) => (arn === undefined ? [] : [[fleet, arn]])));
}

/** ARN of the task definition that a fleet's next manager starts with; undefined if its family has no active revision. */
export async function newestDefinition(ecs: ECSClient, fleet: string): Promise<string | undefined> {
  try {
    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: managerFamily(fleet) }),
    );
    return taskDefinition?.taskDefinitionArn;
  } catch (error) {
    // ECS answers so for a family without an active revision.
    if (error instanceof Error && error.name === 'ClientException') return undefined;
    throw error;
  }
}
