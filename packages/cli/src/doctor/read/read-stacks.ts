import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { describeStack } from '@serverless-gitlab-runner/aws/stacks';
import { installationStacks } from '../../installation.ts';
import type { StackFacts } from '../checks/check-stacks.ts';

/** A resource of a stack. */
export interface StackResource {
  stack: string;
  /** CloudFormation's, such as `AWS::Events::Rule`. */
  type: string;
  physicalId: string;
}

export async function readStacks(client: CloudFormationClient): Promise<StackFacts[]> {
  const stacks = await installationStacks(client);
  return Promise.all(
    stacks.map(async (name) => ({
      name,
      status: (await describeStack(client, name))?.StackStatus,
    })),
  );
}

export async function readResources(client: CloudFormationClient): Promise<StackResource[]> {
  const stacks = await installationStacks(client);
  const resources = await Promise.all(
    stacks.map(async (stack) => {
      const found: StackResource[] = [];
      for await (const page of paginateListStackResources({ client }, { StackName: stack }))
        for (const {
          ResourceType: type = '',
          PhysicalResourceId: physicalId,
        } of page.StackResourceSummaries ?? [])
          if (physicalId !== undefined) found.push({ stack, type, physicalId });
      return found;
    }),
  );
  return resources.flat();
}
