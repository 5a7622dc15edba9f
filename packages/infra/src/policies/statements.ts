import { jobSecretsPath, TAG, type TaskRole } from '@serverless-gitlab-runner/fleet';
import { EVENT_SOURCE } from '@serverless-gitlab-runner/shared-events';
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

/** ARNs of the secrets that managers make for jobs; what Secrets Manager puts behind a name is part of the ARN. */
export function jobSecretArns(scope: Construct, parameterPrefix: string): string {
  return arn(scope, 'secretsmanager', `secret:${jobSecretsPath(parameterPrefix)}*`);
}

/** Statement that makes and removes the secrets with which jobs' images are pulled, and reads none. */
export function lendSecrets(scope: Construct, parameterPrefix: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'LendSecrets',
    actions: ['secretsmanager:CreateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:TagResource'],
    resources: [jobSecretArns(scope, parameterPrefix)],
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

/** Statement that assumes the roles of jobs' caches. */
export function assumeCacheRoles(roleArns: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    sid: 'AssumeCacheRoles',
    actions: ['sts:AssumeRole'],
    resources: [...roleArns],
  });
}

/**
 * Statement that puts this project's events, and no others, on its bus. A call has several entries, so the key has several
 * values, which `StringEquals` alone does not match; `ForAllValues` would hold for none at all, hence `Null`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-example-policy-cross-account-custom-bus-source.html
 */
export function putEvents(eventBusArn: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'PutEvents',
    actions: ['events:PutEvents'],
    resources: [eventBusArn],
    conditions: {
      'ForAllValues:StringEquals': { 'events:source': EVENT_SOURCE },
      Null: { 'events:source': 'false' },
    },
  });
}

/**
 * Statements that find the cluster's tasks. ListTasks has no resource for tasks (its only one is a container
 * instance, which Fargate has not), so its resource is `*` and the condition holds it to the cluster.
 */
export function findTasks(scope: Construct, cluster: ClusterNames): PolicyStatement[] {
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
      conditions: inCluster(cluster),
    }),
  ];
}

/** Statements that run tasks of a family in the cluster, with tags, and give them these roles; nothing that runs is retagged. */
export function runTasks(
  scope: Construct,
  cluster: ClusterNames,
  family: string,
  roleArns: readonly string[],
): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'RunTask',
      actions: ['ecs:RunTask'],
      resources: familyArns(scope, family),
      conditions: inCluster(cluster),
    }),
    new PolicyStatement({
      sid: 'TagOnRunTask',
      actions: ['ecs:TagResource'],
      resources: [taskArns(scope, cluster)],
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
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

/** Statement that stops our own tasks of these roles. */
export function stopTasks(scope: Construct, cluster: ClusterNames, roles: TaskRole[]): PolicyStatement {
  return new PolicyStatement({
    sid: 'StopTasks',
    actions: ['ecs:StopTask'],
    resources: [taskArns(scope, cluster)],
    conditions: { ...inCluster(cluster), StringEquals: { [roleTag()]: roles } },
  });
}

function inCluster(cluster: ClusterNames): { ArnEquals: Record<string, string> } {
  return { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
}

function roleTag(): string {
  return `aws:ResourceTag/${TAG.role}`;
}
