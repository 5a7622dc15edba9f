import { TAG } from '@serverless-gitlab-runner/fleet';
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** ARN of a resource in the stack's account and region. */
export function arn(scope: Construct, service: string, resource: string): string {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** Condition key of the `role` tag. */
export function roleTag(): string {
  return `aws:ResourceTag/${TAG.role}`;
}
