import {
  type CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { type CloudWatchLogsClient, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { type ECSClient, paginateListTaskDefinitionFamilies } from '@aws-sdk/client-ecs';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { paginateListSecrets, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { DEFAULT_PARAMETER_PREFIX, jobSecretsPath, SHARED_STACK } from '@serverless-gitlab-runner/fleet';
import { describeStack } from '../deploy/stack-state.ts';
import { ALL_STACKS } from './destroy-installation.ts';
import { outputsOf } from './installation-outputs.ts';
import { type DeployedFleet, readFleets } from './read-fleets.ts';

export interface LeftoverClients {
  readonly cloudFormation: CloudFormationClient;
  readonly ecs: ECSClient;
  readonly ecr: ECRClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly ssm: SSMClient;
}

/** List prices of us-east-1, USD a month. @see https://aws.amazon.com/s3/pricing/ and the other services' pages */
const PRICE = { s3Gib: 0.023, ecrGib: 0.1, logsGib: 0.03, secret: 0.4 } as const;
const GIB = 2 ** 30;
/** Pages of 1000 objects that are counted in a bucket. */
const MAX_PAGES = 20;

/** Something that remains after the stacks are removed. */
export interface Leftover {
  readonly what: string;
  /** Names, one per line. */
  readonly items: readonly string[];
  /** USD a month. */
  readonly monthlyUsd: number;
  /** Whether the cost may be higher, because not everything was counted. */
  readonly atLeast?: boolean;
  /** How to remove it, or why not to. */
  readonly remove: string;
}

/** Facts that are known only from the stacks, and lost when they are removed. */
export interface InstallationFacts {
  readonly parameterPrefix: string;
  readonly region: string;
  /** Buckets that CloudFormation retains. */
  readonly buckets: readonly string[];
  /** Images that CDK pushed for this installation. */
  readonly images: readonly { repository: string; tag: string }[];
  /** The fleets' GitLab instances: their base URLs, or descriptions where a fleet's document is invalid. */
  readonly gitlabInstances: readonly string[];
  /** Stacks that exist. */
  readonly stacks: readonly string[];
}

/** Reads the facts before anything is removed. */
export async function readFacts(clients: LeftoverClients): Promise<InstallationFacts> {
  const { cloudFormation } = clients;
  const found = await Promise.all(ALL_STACKS.map((stack) => describeStack(cloudFormation, stack)));
  const shared = found[ALL_STACKS.indexOf(SHARED_STACK)];
  const parameterPrefix = outputsOf(shared).ParameterPrefix ?? DEFAULT_PARAMETER_PREFIX;
  const fleets = await readFleets(clients.ssm, parameterPrefix);
  const region = await cloudFormation.config.region();
  return {
    parameterPrefix,
    region,
    buckets: shared === undefined ? [] : await retainedBuckets(cloudFormation),
    images:
      shared === undefined
        ? []
        : await builtImages(cloudFormation, region, shared.StackId?.split(':')[4] ?? ''),
    gitlabInstances: [...new Set(fleets.map(gitlabOf))],
    stacks: ALL_STACKS.filter((_, index) => found[index] !== undefined),
  };
}

function gitlabOf(fleet: DeployedFleet): string {
  return 'problem' in fleet
    ? `the GitLab of fleet ${fleet.name}, whose document is invalid`
    : fleet.gitlabUrl;
}

async function retainedBuckets(client: CloudFormationClient): Promise<string[]> {
  const buckets: string[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: SHARED_STACK },
  )) {
    for (const { ResourceType, PhysicalResourceId } of StackResourceSummaries)
      if (ResourceType === 'AWS::S3::Bucket' && PhysicalResourceId) buckets.push(PhysicalResourceId);
  }
  return buckets;
}

async function builtImages(client: CloudFormationClient, region: string, account: string) {
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName: SHARED_STACK }));
  return imagesIn(TemplateBody, region, account);
}

/** The distinct images of CDK's repository that a template names. */
export function imagesIn(template: string, region: string, account: string) {
  const named = template
    .replaceAll(`\${AWS::AccountId}`, account)
    .replaceAll(`\${AWS::Region}`, region)
    .matchAll(/\/([a-z0-9-]+-container-assets-[a-z0-9-]+):([0-9a-f]{64})/g);
  const images = new Map(
    [...named].map(([, repository = '', tag = '']) => [`${repository}:${tag}`, { repository, tag }]),
  );
  return [...images.values()];
}

/** Finds what remains of the installation. */
export async function listLeftovers(clients: LeftoverClients, facts: InstallationFacts): Promise<Leftover[]> {
  const { parameterPrefix } = facts;
  const found = await Promise.all([
    parameters(clients.ssm, parameterPrefix),
    logins(clients.secrets, parameterPrefix),
    ...facts.buckets.map((bucket) => cacheBucket(clients.s3, bucket)),
    images(clients.ecr, facts.images),
    logGroups(clients.logs, parameterPrefix),
    taskDefinitions(clients.ecs),
    toolkit(clients.cloudFormation),
  ]);
  return [...found.filter((leftover) => leftover !== undefined), ...gitlabLeftovers(facts.gitlabInstances)];
}

async function parameters(client: SSMClient, prefix: string): Promise<Leftover | undefined> {
  const items: string[] = [];
  const query = { Path: prefix, Recursive: true, WithDecryption: false };
  for await (const { Parameters = [] } of paginateGetParametersByPath({ client }, query))
    items.push(...Parameters.map(({ Name = '' }) => Name));
  if (items.length === 0) return undefined;
  return {
    what: 'secrets in Parameter Store',
    items: items.sort(),
    monthlyUsd: 0,
    remove: 'aws ssm delete-parameters --names NAME … (ten a call); keep them if you will deploy again',
  };
}

async function logins(client: SecretsManagerClient, prefix: string): Promise<Leftover | undefined> {
  const items: string[] = [];
  const path = jobSecretsPath(prefix);
  const query = { Filters: [{ Key: 'name' as const, Values: [path] }] };
  for await (const { SecretList = [] } of paginateListSecrets({ client }, query))
    items.push(...SecretList.map(({ Name = '' }) => Name).filter((name) => name.startsWith(path)));
  if (items.length === 0) return undefined;
  return {
    what: "jobs' registry logins in Secrets Manager",
    items,
    monthlyUsd: items.length * PRICE.secret,
    remove: 'aws secretsmanager delete-secret --force-delete-without-recovery --secret-id NAME',
  };
}

async function cacheBucket(client: S3Client, bucket: string): Promise<Leftover | undefined> {
  let bytes = 0;
  let objects = 0;
  let pages = 0;
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
      objects += Contents.length;
      bytes += Contents.reduce((sum, { Size = 0 }) => sum + Size, 0);
      pages += 1;
      if (pages === MAX_PAGES) break;
    }
  } catch (error) {
    if ((error as Error).name === 'NoSuchBucket') return undefined;
    throw error;
  }
  const atLeast = pages === MAX_PAGES;
  return {
    what: `the jobs' caches, ${atLeast ? 'at least ' : ''}${objects} objects of ${(bytes / GIB).toFixed(2)} GiB, which expire automatically`,
    items: [`s3://${bucket}`],
    monthlyUsd: (bytes / GIB) * PRICE.s3Gib,
    atLeast,
    remove: `aws s3 rb --force s3://${bucket}`,
  };
}

async function images(client: ECRClient, named: InstallationFacts['images']): Promise<Leftover | undefined> {
  let bytes = 0;
  const items: string[] = [];
  for (const { repository, tag } of named) {
    try {
      const query = { repositoryName: repository, imageIds: [{ imageTag: tag }] };
      const { imageDetails = [] } = await client.send(new DescribeImagesCommand(query));
      bytes += imageDetails.reduce((sum, { imageSizeInBytes = 0 }) => sum + imageSizeInBytes, 0);
      if (imageDetails.length > 0) items.push(`${repository}:${tag}`);
    } catch (error) {
      if (!/^(Image|Repository)NotFoundException$/.test((error as Error).name)) throw error;
    }
  }
  if (items.length === 0) return undefined;
  return {
    what: "images in CDK's repository; those of earlier deployments are additional",
    items,
    monthlyUsd: (bytes / GIB) * PRICE.ecrGib,
    atLeast: true,
    remove: 'npx cdk gc --unstable=gc removes images that no stack uses any more',
  };
}

async function logGroups(client: CloudWatchLogsClient, prefix: string): Promise<Leftover | undefined> {
  const groups = new Map<string, number>();
  for (const logGroupNamePrefix of [
    `${prefix}/`,
    'serverless-gitlab-runner-',
    '/aws/lambda/serverless-gitlab-runner-',
  ]) {
    for await (const page of paginateDescribeLogGroups({ client }, { logGroupNamePrefix }))
      for (const { logGroupName = '', storedBytes = 0 } of page.logGroups ?? [])
        groups.set(logGroupName, storedBytes);
  }
  if (groups.size === 0) return undefined;
  const bytes = [...groups.values()].reduce((sum, stored) => sum + stored, 0);
  return {
    what: 'log groups',
    items: [...groups.keys()],
    monthlyUsd: (bytes / GIB) * PRICE.logsGib,
    remove: 'aws logs delete-log-group --log-group-name NAME',
  };
}

async function taskDefinitions(client: ECSClient): Promise<Leftover | undefined> {
  const items: string[] = [];
  const query = { familyPrefix: 'serverless-gitlab-runner-', status: 'ACTIVE' as const };
  for await (const { families = [] } of paginateListTaskDefinitionFamilies({ client }, query))
    items.push(...families);
  if (items.length === 0) return undefined;
  return {
    what: "families of jobs' task definitions",
    items,
    monthlyUsd: 0,
    remove: 'aws ecs deregister-task-definition --task-definition FAMILY:REVISION; they may remain',
  };
}

async function toolkit(client: CloudFormationClient): Promise<Leftover | undefined> {
  const stack = await describeStack(client, 'CDKToolkit');
  if (stack === undefined) return undefined;
  return {
    what: "CDK's own stack with its bucket, which contains the Lambdas' bundles (a few MiB)",
    items: ['CDKToolkit'],
    monthlyUsd: 0,
    remove: 'keep it while other CDK apps use this account and region',
  };
}

function gitlabLeftovers(instances: readonly string[]): Leftover[] {
  if (instances.length === 0) return [];
  return [
    {
      what: 'at GitLab: the runner with its records of managers (which GitLab deletes after seven days), and the webhook',
      items: instances,
      monthlyUsd: 0,
      remove: 'Settings → CI/CD → Runners, and Settings → Webhooks, of the project or group',
    },
  ];
}

/** Renders the list as lines of text. */
export function renderLeftovers(leftovers: readonly Leftover[]): string[] {
  if (leftovers.length === 0) return ['Nothing remains.'];
  const total = leftovers.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
  const more = leftovers.some(({ atLeast }) => atLeast) ? 'at least ' : '';
  return [
    'What remains, with its monthly cost (list prices of us-east-1):',
    ...leftovers.flatMap(({ what, items, monthlyUsd, atLeast, remove }) => [
      `  ${atLeast ? '≥ ' : ''}$${monthlyUsd.toFixed(2)}  ${what}`,
      ...items.map((item) => `      ${item}`),
      `      To remove: ${remove}`,
    ]),
    `Total: ${more}$${total.toFixed(2)} a month.`,
  ];
}
