import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { describeStack } from '@serverless-gitlab-runner/aws/stacks';
import { SHARED_STACK, serviceStack } from '@serverless-gitlab-runner/fleet';
import type { StackFacts } from '../checks/check-stacks.ts';

/** A resource of a stack. */
export interface StackResource {
  stack: string;
  /** CloudFormation's, such as `AWS::Events::Rule`. */
  type: string;
  physicalId: string;
}

const STACKS = [
  SHARED_STACK,
  serviceStack('webhook-receiver'),
  serviceStack('runner-launcher'),
  serviceStack('idle-reaper'),
];

export async function readStacks(client: CloudFormationClient): Promise<StackFacts[]> {
  return Promise.all(
    STACKS.map(async (name) => ({
      name,
      status: (await describeStack(client, name))?.StackStatus,
    })),
  );
}

export async function readResources(client: CloudFormationClient): Promise<StackResource[]> {
  const resources = await Promise.all(
    STACKS.map(async (stack) => {
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
