import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeployError } from '../src/deploy/run-cdk.ts';
import { runDeployment } from '../src/deploy/run-deployment.ts';

const STACK = 'serverless-gitlab-runner-shared';
const NOT_ASSUMED =
  'Unable to assume the service linked role. Please verify that the ECS service linked role exists.';

const cloudFormation = mockClient(CloudFormationClient);
const iam = mockClient(IAMClient);
const clients = { cloudFormation: new CloudFormationClient({ region: 'eu-west-1' }), iam: new IAMClient({}) };
/** Newest first, as AWS lists them. */
let events: StackEvent[];
let lines: string[];

beforeEach(() => {
  iam.reset();
  iam.on(GetRoleCommand).resolves({});
  events = [];
  lines = [];
  cloudFormation.reset();
  cloudFormation.on(DescribeStackEventsCommand).callsFake(() => ({ StackEvents: events }));
});

function addEvent(status: string, id: string, reason?: string): void {
  const ofStack = id === STACK;
  events.unshift({
    EventId: String(events.length),
    StackId: 'the-stack',
    StackName: STACK,
    ResourceType: ofStack ? 'AWS::CloudFormation::Stack' : 'AWS::ECS::Cluster',
    PhysicalResourceId: ofStack ? 'the-stack' : id,
    LogicalResourceId: id,
    ResourceStatus: status as NonNullable<StackEvent['ResourceStatus']>,
    ResourceStatusReason: reason,
    Timestamp: new Date(),
  });
}

/** A deployment whose first resource fails with `reason`, and another one as a consequence. */
function failDeployment(reason: string): never {
  addEvent('CREATE_IN_PROGRESS', STACK);
  addEvent('CREATE_FAILED', 'Cluster', reason);
  addEvent('CREATE_FAILED', 'Other', 'Resource creation cancelled');
  addEvent('ROLLBACK_IN_PROGRESS', STACK, 'The following resource(s) failed to create: [Cluster, Other].');
  throw new DeployError('cdk deploy ended with 1');
}

const deploying = (deploy: () => void) =>
  runDeployment(async () => deploy(), { ...clients, stacks: [STACK], log: (line) => void lines.push(line) });

describe('a deployment that fails', () => {
  it("reports the stack, CloudFormation's reason for the first failed resource, and what to do", async () => {
    const failed = deploying(() => failDeployment('The maximum number of VPCs has been reached. (Limit)'));
    await expect(failed).rejects.toThrow(
      [
        `${STACK} failed.`,
        '  First failure: AWS::ECS::Cluster Cluster',
        '  CloudFormation says: The maximum number of VPCs has been reached. (Limit)',
        '  What to do: request an increase in Service Quotas',
      ].join('\n'),
    );
    await expect(failed).rejects.toThrow(DeployError);
  });

  it('does not report an earlier failure if CDK did not reach the stack', async () => {
    expect(() => failDeployment('The maximum number of VPCs')).toThrow();
    const failed = deploying(() => {
      throw new DeployError('docker build failed');
    });
    await expect(failed).rejects.toThrow('docker build failed');
  });

  it('reports the last operation, not an earlier one', async () => {
    expect(() => failDeployment('an old reason')).toThrow();
    await expect(deploying(() => failDeployment('a new reason'))).rejects.toThrow(
      'CloudFormation says: a new reason',
    );
  });
});

describe('a deployment into a new account', () => {
  it('is retried once, and says so', async () => {
    let tries = 0;
    await deploying(() => {
      tries += 1;
      if (tries === 1) failDeployment(NOT_ASSUMED);
    });
    expect(tries).toBe(2);
    expect(lines).toEqual([expect.stringContaining('Retrying once')]);
  });

  it('is not retried twice', async () => {
    let tries = 0;
    const failed = deploying(() => {
      tries += 1;
      failDeployment(NOT_ASSUMED);
    });
    await expect(failed).rejects.toThrow(
      'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
    );
    expect(tries).toBe(2);
  });
});
