import { ACCOUNT } from './arns.ts';
import type { Recording } from './recording.ts';
import { resourcesOf, type StackResource, type Templates } from './template.ts';

/** Resource types in policies: the property with the name, and the ARN after the account. */
export const KINDS: Readonly<
  Record<string, { service: string; nameProperty?: string; resource: (name: string) => string }>
> = {
  'AWS::ECS::Cluster': { service: 'ecs', nameProperty: 'ClusterName', resource: (name) => `cluster/${name}` },
  'AWS::Events::EventBus': {
    service: 'events',
    nameProperty: 'Name',
    resource: (name) => `event-bus/${name}`,
  },
  'AWS::IAM::Role': { service: 'iam', resource: (name) => `role/${name}` },
  'AWS::Lambda::Function': { service: 'lambda', resource: (name) => `function:${name}` },
  'AWS::Logs::LogGroup': {
    service: 'logs',
    nameProperty: 'LogGroupName',
    // CloudFormation's `Arn` of a log group ends with `:*`.
    resource: (name) => `log-group:${name}:*`,
  },
  'AWS::S3::Bucket': { service: 's3', resource: (name) => name },
  'AWS::SQS::Queue': { service: 'sqs', resource: (name) => name },
};

/** Patterns of names that CloudFormation generates, as they occur in a recording. */
const RECORDED_NAMES: Readonly<Record<string, RegExp>> = {
  'AWS::IAM::Role': new RegExp(`arn:aws:iam::${ACCOUNT}:role/(?:[\\w+=,.@-]+/)*([\\w+=,.@-]+)`, 'g'),
  'AWS::S3::Bucket': /"Bucket":"([^"]+)"/g,
  'AWS::SQS::Queue': new RegExp(`/${ACCOUNT}/([\\w-]+)`, 'g'),
};

/**
 * Names that CloudFormation generated for deployed resources: `<stack>-<logical id, shortened>-<random>`. A name belongs to the
 * resource of the stack whose logical id shares the longest prefix with it.
 */
export function recordedNames(templates: Templates, { roles, calls }: Recording): Map<string, string> {
  const text = JSON.stringify([roles, calls.map(({ parameters }) => parameters)]);
  const names = new Map<string, string>();
  for (const [type, pattern] of Object.entries(RECORDED_NAMES)) {
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
  const candidates = resources
    .filter(({ stack }) => name.startsWith(`${stack}-`))
    .map((resource) => ({
      resource,
      common: commonPrefix(name.slice(resource.stack.length + 1), resource.id),
    }))
    .sort((a, b) => b.common - a.common);
  const [best, next] = candidates;
  if (best === undefined || best.common < MIN_COMMON_LENGTH || best.common === next?.common) return undefined;
  return best.resource;
}

/** CloudFormation keeps more of a logical id than this; a shorter common prefix is a coincidence. */
const MIN_COMMON_LENGTH = 4;

function commonPrefix(one: string, other: string): number {
  // Bucket names are lower-case.
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
