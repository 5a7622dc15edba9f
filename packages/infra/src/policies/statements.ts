import {
  fleetSecretsPath,
  jobSecretsPath,
  TAG,
  type TaskRole,
  toTags,
} from '@serverless-gitlab-runner/fleet';
import { EVENT_SOURCE, type EventName } from '@serverless-gitlab-runner/shared-events';
import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** The cluster that a statement is about. */
export interface ClusterNames {
  readonly clusterArn: string;
  readonly clusterName: string;
}

function arn(scope: Construct, service: string, resource: string): string {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** ARNs of SSM parameters under the prefix; `*` stands for anything, slashes too. */
export function parameterArns(scope: Construct, prefix: string, names: readonly string[]): string[] {
  return names.map((name) => arn(scope, 'ssm', `parameter${prefix}/${name}`));
}

/** Every task of the cluster. */
export function taskArns(scope: Construct, cluster: ClusterNames): string {
  return arn(scope, 'ecs', `task/${cluster.clusterName}/*`);
}

/** A task definition family: without a revision, as RunTask is called with it, and every revision. */
export function familyArns(scope: Construct, family: string): string[] {
  return [arn(scope, 'ecs', `task-definition/${family}`), arn(scope, 'ecs', `task-definition/${family}:*`)];
}

/**
 * Statement that reads SSM parameters by name. For SecureStrings it is enough: the key policy of `aws/ssm` lets
 * everybody decrypt who may read the parameter.
 */
export function readParameters(
  scope: Construct,
  prefix: string,
  actions: readonly ('ssm:GetParameter' | 'ssm:GetParameters')[],
  names: readonly string[],
): PolicyStatement {
  return new PolicyStatement({
    sid: 'ReadParameters',
    actions: [...actions],
    resources: parameterArns(scope, prefix, names),
  });
}

/**
 * Statement that reads all fleets' documents in one call. Who may read a path may read all that is under it, secrets
 * too, whatever is said of those by name: so whoever has this also gets `decryptOnly`.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
 */
export function listFleets(scope: Construct, prefix: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'ListFleets',
    actions: ['ssm:GetParametersByPath'],
    // The path is checked as it was asked for: with the slash at its end, or without.
    resources: parameterArns(scope, prefix, ['fleets', 'fleets/']),
  });
}

/**
 * Statement that refuses to decrypt any SecureString but these. Parameter Store decrypts in its caller's name and
 * tells KMS which parameter it is for.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
 */
export function decryptOnly(scope: Construct, prefix: string, names: readonly string[]): PolicyStatement {
  const parameters = parameterArns(scope, prefix, names);
  return new PolicyStatement({
    sid: 'DecryptNothingElse',
    effect: Effect.DENY,
    actions: ['kms:Decrypt'],
    resources: ['*'],
    ...(parameters.length === 0
      ? {}
      : { conditions: { StringNotLike: { 'kms:EncryptionContext:PARAMETER_ARN': parameters } } }),
  });
}

/**
 * Path of the IAM roles that managers run with, which the launcher may pass: of all fleets, so that a fleet can come or go without
 * the launcher's stack. It names the region, since an account's roles are of all regions.
 */
export function managerRolePath(scope: Construct, parameterPrefix: string): string {
  return `${parameterPrefix}/${Stack.of(scope).region}/managers/`;
}

/** ARNs of the roles under a path. */
export function roleArnsUnder(scope: Construct, path: string): string {
  const { partition, account } = Stack.of(scope);
  return `arn:${partition}:iam::${account}:role${path}*`;
}

/** ARNs of the secrets that all fleets' managers make for jobs; what Secrets Manager puts behind a name is part of the ARN. */
export function jobSecretArns(scope: Construct, parameterPrefix: string): string {
  return arn(scope, 'secretsmanager', `secret:${jobSecretsPath(parameterPrefix)}*`);
}

/** ARNs of the secrets that the managers of one fleet make for jobs. */
export function fleetSecretArns(scope: Construct, parameterPrefix: string, fleet: string): string {
  return arn(scope, 'secretsmanager', `secret:${fleetSecretsPath(parameterPrefix, fleet)}*`);
}

/** Statement that makes and removes the secrets with which a fleet's images are pulled, and reads none. */
export function lendSecrets(scope: Construct, parameterPrefix: string, fleet: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'LendSecrets',
    actions: ['secretsmanager:CreateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:TagResource'],
    resources: [fleetSecretArns(scope, parameterPrefix, fleet)],
  });
}

/** Statements that remove secrets of jobs whose manager died before it could, and read none. */
export function removeSecrets(scope: Construct, parameterPrefix: string): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'RemoveSecrets',
      actions: ['secretsmanager:DeleteSecret'],
      resources: [jobSecretArns(scope, parameterPrefix)],
      conditions: { StringEquals: { [roleTag()]: 'job' satisfies TaskRole } },
    }),
    // ListSecrets has no resource level. It tells names and tags of secrets, never their values.
    new PolicyStatement({
      sid: 'ListSecrets',
      actions: ['secretsmanager:ListSecrets'],
      resources: ['*'],
    }),
  ];
}

/** Statement that assumes the role of a fleet's cache. */
export function assumeCacheRole(roleArn: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'AssumeCacheRole',
    actions: ['sts:AssumeRole'],
    resources: [roleArn],
  });
}

/**
 * Statement that puts this project's events, and no others, on its bus: all of them, or those of these names. A call has several entries, so the key has several
 * values, which `StringEquals` alone does not match; `ForAllValues` would hold for none at all, hence `Null`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-example-policy-cross-account-custom-bus-source.html
 */
export function putEvents(eventBusArn: string, names?: readonly EventName[]): PolicyStatement {
  const detailTypes = names && { 'events:detail-type': [...names] };
  return new PolicyStatement({
    sid: 'PutEvents',
    actions: ['events:PutEvents'],
    resources: [eventBusArn],
    conditions: {
      'ForAllValues:StringEquals': { 'events:source': EVENT_SOURCE, ...detailTypes },
      Null: { 'events:source': 'false', ...(detailTypes && { 'events:detail-type': 'false' }) },
    },
  });
}

/**
 * Statements that find the cluster's tasks. ListTasks has no resource for tasks (its only one is a container
 * instance, which Fargate has not), so its resource is `*` and the condition holds it to the cluster.
 * @param fleet describes tasks of that fleet only, and those without a tag: StopTask takes a task's tags away, and who stopped one
 * must see it end
 */
export function findTasks(scope: Construct, cluster: ClusterNames, fleet?: string): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'ListTasks',
      actions: ['ecs:ListTasks'],
      resources: ['*'],
      conditions: inCluster(cluster),
    }),
    new PolicyStatement({
      sid: 'DescribeTasks',
      actions: ['ecs:DescribeTasks'],
      resources: [taskArns(scope, cluster)],
      conditions: { ...inCluster(cluster), ...(fleet === undefined ? {} : ofNoOtherFleet(fleet)) },
    }),
  ];
}

export interface RunTasksProps {
  /** Family of the task definition; `*` stands for anything. */
  readonly family: string;
  /** Roles that the tasks are given. */
  readonly roleArns: readonly string[];
  /** Tags that every task must be given. */
  readonly tags: Readonly<Partial<Record<keyof typeof TAG, string>>>;
}

/** Statements that run tasks of a family in the cluster, with tags, and give them these roles; nothing that runs is retagged. */
export function runTasks(
  scope: Construct,
  cluster: ClusterNames,
  { family, roleArns, tags }: RunTasksProps,
): PolicyStatement[] {
  const tagged = keyed('aws:RequestTag', tags);
  return [
    new PolicyStatement({
      sid: 'RunTask',
      actions: ['ecs:RunTask'],
      resources: familyArns(scope, family),
      conditions: { ...inCluster(cluster), StringEquals: tagged },
    }),
    new PolicyStatement({
      sid: 'TagOnRunTask',
      actions: ['ecs:TagResource'],
      resources: [taskArns(scope, cluster)],
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask', ...tagged } },
    }),
    new PolicyStatement({
      sid: 'PassTaskRoles',
      actions: ['iam:PassRole'],
      resources: [...roleArns],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    }),
  ];
}

/** Statement that writes tags on managers that run already: demand and drain marks. */
export function tagManagers(scope: Construct, cluster: ClusterNames): PolicyStatement {
  return new PolicyStatement({
    sid: 'TagManagers',
    actions: ['ecs:TagResource'],
    resources: [taskArns(scope, cluster)],
    conditions: { StringEquals: { [roleTag()]: 'manager' satisfies TaskRole } },
  });
}

/** Statement that reads tags of a fleet's tasks, and of tasks that have none to tell. */
export function readTags(scope: Construct, cluster: ClusterNames, fleet: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'ReadDrainMark',
    actions: ['ecs:ListTagsForResource'],
    resources: [taskArns(scope, cluster)],
    conditions: ofNoOtherFleet(fleet),
  });
}

/** Statement that stops our own tasks of these roles: of all fleets, or of one. */
export function stopTasks(
  scope: Construct,
  cluster: ClusterNames,
  roles: TaskRole[],
  fleet?: string,
): PolicyStatement {
  const ofFleet = fleet === undefined ? {} : keyed('aws:ResourceTag', { fleet });
  return new PolicyStatement({
    sid: 'StopTasks',
    actions: ['ecs:StopTask'],
    resources: [taskArns(scope, cluster)],
    conditions: { ...inCluster(cluster), StringEquals: { [roleTag()]: roles, ...ofFleet } },
  });
}

function inCluster(cluster: ClusterNames): { ArnEquals: Record<string, string> } {
  return { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
}

/** Condition that a task has no other fleet's tag. */
function ofNoOtherFleet(fleet: string): { StringEqualsIfExists: Record<string, string> } {
  return { StringEqualsIfExists: keyed('aws:ResourceTag', { fleet }) };
}

/** Our tags as condition keys. */
function keyed(
  key: 'aws:RequestTag' | 'aws:ResourceTag',
  tags: Readonly<Partial<Record<keyof typeof TAG, string>>>,
): Record<string, string> {
  return Object.fromEntries(toTags(tags).map((tag) => [`${key}/${tag.key}`, tag.value]));
}

function roleTag(): string {
  return `aws:ResourceTag/${TAG.role}`;
}
