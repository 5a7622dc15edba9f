import { ACCOUNT } from './arns.ts';
import type { Recording } from './recording.ts';
import { resourcesOf, type StackResource, type Templates } from './template.ts';

/** Kinds of resources that policies are about: where a template names them, and their ARN behind the account. */
export const KINDS: Readonly<
  Record<string, { service: string; named?: string; resource: (name: string) => string }>
> = {
  'AWS::ECS::Cluster': { service: 'ecs', named: 'ClusterName', resource: (name) => `cluster/${name}` },
  'AWS::Events::EventBus': { service: 'events', named: 'Name', resource: (name) => `event-bus/${name}` },
  'AWS::IAM::Role': { service: 'iam', resource: (name) => `role/${name}` },
  'AWS::Lambda::Function': { service: 'lambda', resource: (name) => `function:${name}` },
  'AWS::Logs::LogGroup': {
    service: 'logs',
    named: 'LogGroupName',
    // CloudFormation's Arn of a log group ends so.
    resource: (name) => `log-group:${name}:*`,
  },
  'AWS::S3::Bucket': { service: 's3', resource: (name) => name },
  'AWS::SQS::Queue': { service: 'sqs', resource: (name) => name },
};

/** Where names that CloudFormation makes are seen in a recording. */
const SEEN: Readonly<Record<string, RegExp>> = {
  'AWS::IAM::Role': new RegExp(`arn:aws:iam::${ACCOUNT}:role/(?:[\\w+=,.@-]+/)*([\\w+=,.@-]+)`, 'g'),
  'AWS::S3::Bucket': /"Bucket":"([^"]+)"/g,
  'AWS::SQS::Queue': new RegExp(`/${ACCOUNT}/([\\w-]+)`, 'g'),
};

/**
 * Names of deployed resources that CloudFormation named itself: `<stack>-<logical id, shortened>-<something>`. A name
 * belongs to the resource of the stack whose logical id has most of its beginning in common with it.
 */
export function recordedNames(templates: Templates, { roles, calls }: Recording): Map<string, string> {
  const text = JSON.stringify([roles, calls.map(({ parameters }) => parameters)]);
  const names = new Map<string, string>();
  for (const [type, pattern] of Object.entries(SEEN)) {
    const resources = resourcesOf(templates, type);
    for (const [, name = ''] of text.matchAll(pattern)) {
      const owner = ownerOf(name, resources);
      if (owner) names.set(keyOf(owner), name);
    }
  }
  return names;
}

export function keyOf({ stack, id }: Pick<StackResource, 'stack' | 'id'>): string {
  return `${stack}/${id}`;
}

function ownerOf(name: string, resources: readonly StackResource[]): StackResource | undefined {
  const likely = resources
    .filter(({ stack }) => name.startsWith(`${stack}-`))
    .map((resource) => ({ resource, common: common(name.slice(resource.stack.length + 1), resource.id) }))
    .sort((a, b) => b.common - a.common);
  const [best, next] = likely;
  if (best === undefined || best.common < SHORTEST || best.common === next?.common) return undefined;
  return best.resource;
}

/** Fewer letters of a logical id than CloudFormation leaves say nothing. */
const SHORTEST = 4;

function common(one: string, other: string): number {
  // Buckets' names have small letters only.
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
