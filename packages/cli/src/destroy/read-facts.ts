import {
  type CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { DescribeClustersCommand } from '@aws-sdk/client-ecs';
import { describeStack, outputsOf } from '@serverless-gitlab-runner/aws/stacks';
import {
  DEFAULT_PARAMETER_PREFIX,
  type ListedFleet,
  SHARED_STACK,
  serviceStack,
} from '@serverless-gitlab-runner/fleet';
import { readFleets } from '../fleets.ts';
import { type KnownProjects, readKnownProjects } from '../known-projects.ts';
import { OperationError } from '../operation-error.ts';
import { assetsIn, type CdkAssets } from './cdk-assets.ts';
import type { DestroyClients } from './destroy-clients.ts';
import { REMOVAL_ORDER } from './destroy-installation.ts';

/** What is known of an installation before anything is removed. Most of it is known only from its stacks. */
export interface DestroyFacts {
  region: string;
  parameterPrefix: string;
  /** Stacks that exist, in the order of their removal, with what CDK uploaded for each. */
  stacks: ReadonlyMap<string, CdkAssets>;
  /** Buckets and parameters of the stacks. */
  buckets: string[];
  stackParameters: ReadonlySet<string>;
  fleets: ListedFleet[];
  /** Without a query; undefined if the receiver's stack is gone. */
  webhookUrl: string | undefined;
  projects: KnownProjects;
  /** Whether CDK's own stack exists. */
  hasToolkit: boolean;
}

/** @throws {OperationError} if an installation exists that is not of this app's stacks */
export async function readDestroyFacts(clients: DestroyClients, now: number): Promise<DestroyFacts> {
  const { cloudFormation } = clients;
  const region = await cloudFormation.config.region();
  const described = await Promise.all(REMOVAL_ORDER.map((stack) => describeStack(cloudFormation, stack)));
  const existing = REMOVAL_ORDER.flatMap((name, index) => {
    const stack = described[index];
    return stack ? { name, outputs: outputsOf(stack), account: stack.StackId?.split(':')[4] ?? '' } : [];
  });
  const outputs = new Map(existing.flatMap((stack) => [...stack.outputs]));
  const hasShared = existing.some(({ name }) => name === SHARED_STACK);
  const parameterPrefix = outputs.get('ParameterPrefix') ?? DEFAULT_PARAMETER_PREFIX;
  if (!hasShared) await refuseOtherInstallation(clients, parameterPrefix.slice(1));
  const resources = hasShared ? await resourcesOf(cloudFormation, SHARED_STACK) : [];
  const named = (type: string) =>
    resources.flatMap(({ ResourceType, PhysicalResourceId }) =>
      ResourceType === type && PhysicalResourceId ? PhysicalResourceId : [],
    );
  const receiverLog = outputs.get('WebhookReceiverLogGroup');
  const stacks = new Map<string, CdkAssets>();
  for (const { name, account } of existing)
    stacks.set(name, assetsIn(await templateOf(cloudFormation, name), region, account));
  return {
    region,
    parameterPrefix,
    stacks,
    buckets: named('AWS::S3::Bucket'),
    stackParameters: new Set(named('AWS::SSM::Parameter')),
    fleets: await readFleets(clients.ssm, parameterPrefix),
    webhookUrl: outputs.get('WebhookUrl'),
    projects: receiverLog === undefined ? new Map() : await readKnownProjects(clients.logs, receiverLog, now),
    hasToolkit: (await describeStack(cloudFormation, 'CDKToolkit')) !== undefined,
  };
}

/** Without the shared stack, a cluster of that name belongs to an installation in a stack of somebody's own. */
async function refuseOtherInstallation({ ecs }: DestroyClients, cluster: string): Promise<void> {
  const { clusters = [] } = await ecs.send(new DescribeClustersCommand({ clusters: [cluster] }));
  if (clusters.some(({ status }) => status === 'ACTIVE'))
    throw new OperationError(
      `The cluster ${cluster} exists, but not the stack ${SHARED_STACK}: it is of the plain template, or of an installation in a stack of your own. Delete that stack; this command removes only what \`npm run deploy\` made.`,
    );
}

async function templateOf(client: CloudFormationClient, StackName: string): Promise<string> {
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName }));
  return TemplateBody;
}

async function resourcesOf(client: CloudFormationClient, StackName: string): Promise<StackResourceSummary[]> {
  const resources: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName }))
    resources.push(...(page.StackResourceSummaries ?? []));
  return resources;
}

/** Stack of the Lambda that GitLab's webhooks reach: once it is gone, their URL is not known any more. */
export const RECEIVER_STACK = serviceStack('webhook-receiver');
