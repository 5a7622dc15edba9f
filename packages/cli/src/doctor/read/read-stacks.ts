import {
  type CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
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
  return Promise.all(STACKS.map(async (name) => ({ name, status: await statusOf(client, name) })));
}

async function statusOf(client: CloudFormationClient, name: string): Promise<string | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks.find(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE')?.StackStatus;
  } catch (error) {
    // CloudFormation has no error of its own for a stack that does not exist.
    if (
      error instanceof Error &&
      error.name === 'ValidationError' &&
      error.message.includes('does not exist')
    )
      return undefined;
    throw error;
  }
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
