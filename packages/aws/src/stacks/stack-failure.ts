import {
  type CloudFormationClient,
  DescribeStackEventsCommand,
  paginateDescribeStackEvents,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';

/** The resource whose failure ended a stack's last operation. */
export interface StackFailure {
  readonly stack: string;
  /** CloudFormation's type, for example `AWS::ECS::Cluster`. */
  readonly resourceType: string;
  readonly logicalId: string;
  /** CloudFormation's reason, unchanged. */
  readonly reason: string;
}

/** Status of a stack's own event that starts an operation. */
const OPERATION_START = /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/;
/** Reasons of resources that fail only because another one did. */
const CONSEQUENCE = /cancelled|The following resource\(s\) failed/i;

/** The first resource that failed in the stack's last operation, or undefined if none did or its events cannot be read. */
export async function firstFailure(
  client: CloudFormationClient,
  stack: string,
): Promise<StackFailure | undefined> {
  const failed: StackEvent[] = [];
  try {
    // The newest events come first.
    for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName: stack })) {
      for (const event of StackEvents) {
        if (isFailure(event)) failed.push(event);
        if (startsOperation(event)) return toFailure(stack, failed);
      }
    }
  } catch {
    return undefined;
  }
  return toFailure(stack, failed);
}

function isFailure({ ResourceStatus, ResourceStatusReason = '' }: StackEvent): boolean {
  return String(ResourceStatus).endsWith('_FAILED') && !CONSEQUENCE.test(ResourceStatusReason);
}

function startsOperation(event: StackEvent): boolean {
  return isOfStack(event) && OPERATION_START.test(event.ResourceStatus ?? '');
}

function isOfStack({ ResourceType, PhysicalResourceId, StackId }: StackEvent): boolean {
  return ResourceType === 'AWS::CloudFormation::Stack' && PhysicalResourceId === StackId;
}

function toFailure(stack: string, events: readonly StackEvent[]): StackFailure | undefined {
  const resources = events.filter((event) => !isOfStack(event));
  const first = resources.at(-1) ?? events.at(-1);
  if (first === undefined) return undefined;
  const { ResourceType = '', LogicalResourceId = '', ResourceStatusReason = '' } = first;
  return { stack, resourceType: ResourceType, logicalId: LogicalResourceId, reason: ResourceStatusReason };
}

/** Id of the newest event, to distinguish a later failure from an old one; undefined if the stack does not exist. */
export async function newestEvent(client: CloudFormationClient, stack: string): Promise<string | undefined> {
  try {
    const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: stack }));
    return StackEvents[0]?.EventId;
  } catch {
    return undefined;
  }
}

/** Whether ECS could not assume its service-linked role, because the account is new. */
export function needsServiceLinkedRole({ reason }: StackFailure): boolean {
  return /service[- ]linked role/i.test(reason);
}

/** Explains a failure and what to do about it. */
export function explainFailure(failure: StackFailure): string {
  const { stack, resourceType, logicalId, reason } = failure;
  return [
    `${stack} failed.`,
    `  First failure: ${resourceType} ${logicalId}`,
    `  CloudFormation says: ${reason}`,
    `  What to do: ${remediation(failure)}`,
  ].join('\n');
}

/** The first entry that matches CloudFormation's reason applies. */
const REMEDIATIONS: readonly (readonly [pattern: RegExp, remediation: string])[] = [
  [
    /service[- ]linked role/i,
    'run `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com` with credentials that are allowed to, then deploy again.',
  ],
  [
    /not authorized|AccessDenied|access denied/i,
    'give the role that CDK deploys with the permission named above, then deploy again.',
  ],
  [
    /while Tasks are active|ClusterContains/i,
    'tasks still run in the cluster: `npx sgr destroy --now` stops them and continues.',
  ],
  [
    /already exists/i,
    'it exists from another or an earlier installation: remove it, or deploy with another `parameterPrefix`.',
  ],
  [
    /limit|quota|maximum number/i,
    'request an increase in Service Quotas, or use existing resources (`network` names your own VPC), then deploy again.',
  ],
];

function remediation({ reason }: StackFailure): string {
  const known = REMEDIATIONS.find(([pattern]) => pattern.test(reason));
  return (
    known?.[1] ?? 'fix the cause and deploy again; a stack whose creation failed is removed automatically.'
  );
}
