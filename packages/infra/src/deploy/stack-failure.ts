import {
  type CloudFormationClient,
  DescribeStackEventsCommand,
  paginateDescribeStackEvents,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';

/** The resource whose failure ended a stack's last operation. */
export interface StackFailure {
  readonly stack: string;
  /** CloudFormation's type, `AWS::ECS::Cluster` for example. */
  readonly resourceType: string;
  readonly logicalId: string;
  /** CloudFormation's own words. */
  readonly reason: string;
}

/** Begins an operation on a stack; the stack's own events name its type. */
const BEGINS = /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/;
/** Of resources that fail because another one did. */
const CONSEQUENCE = /cancelled|The following resource\(s\) failed/i;

/** The first resource that failed in the stack's last operation, or undefined when none did or nobody may see it. */
export async function firstFailure(
  client: CloudFormationClient,
  stack: string,
): Promise<StackFailure | undefined> {
  const failed: StackEvent[] = [];
  try {
    // The newest come first.
    for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName: stack })) {
      for (const event of StackEvents) {
        if (isFailure(event)) failed.push(event);
        if (beginsOperation(event)) return toFailure(stack, failed);
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

function beginsOperation(event: StackEvent): boolean {
  return isOfStack(event) && BEGINS.test(event.ResourceStatus ?? '');
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

/** Id of the newest event, by which a later failure is told from an old one; undefined for a stack that does not exist. */
export async function newestEvent(client: CloudFormationClient, stack: string): Promise<string | undefined> {
  try {
    const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: stack }));
    return StackEvents[0]?.EventId;
  } catch {
    return undefined;
  }
}

/** Whether the account was too new: ECS could not assume its service-linked role. */
export function wantsServiceLinkedRole({ reason }: StackFailure): boolean {
  return /service[- ]linked role/i.test(reason);
}

/** What a failure says and what to do about it, for a person. */
export function explainFailure(failure: StackFailure): string {
  const { stack, resourceType, logicalId, reason } = failure;
  return [
    `${stack} failed.`,
    `  First failure: ${resourceType} ${logicalId}`,
    `  CloudFormation says: ${reason}`,
    `  What to do: ${remediation(failure)}`,
  ].join('\n');
}

/** The first that matches CloudFormation's words holds. */
const REMEDIATIONS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [
    /service[- ]linked role/i,
    'run `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com` with credentials that may, then deploy again.',
  ],
  [
    /not authorized|AccessDenied|access denied/i,
    'give the role that CDK deploys with the permission that is named above, then deploy again.',
  ],
  [
    /while Tasks are active|ClusterContains/i,
    'tasks still run in the cluster: `npx nx run infra:destroy -- --now` stops them and goes on.',
  ],
  [
    /already exists/i,
    'it is there from another or an earlier installation: remove it, or deploy with another `parameterPrefix`.',
  ],
  [
    /limit|quota|maximum number/i,
    'ask for more in Service Quotas, or use what exists (`network` names a VPC of yours), then deploy again.',
  ],
];

function remediation({ reason }: StackFailure): string {
  const known = REMEDIATIONS.find(([pattern]) => pattern.test(reason));
  return (
    known?.[1] ??
    'mend what the reason names and deploy again; a first stack that failed is removed by itself.'
  );
}
