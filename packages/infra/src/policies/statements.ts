import { fleetSecretsPath, jobSecretsPath, type TaskRole } from '@serverless-gitlab-runner/fleet';
import { EVENT_SOURCE, type EventName } from '@serverless-gitlab-runner/shared-events';
import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { arn, roleTag } from './names.ts';

/** ARNs of SSM parameters under the prefix; `*` matches anything, including slashes. */
export function parameterArns(scope: Construct, prefix: string, names: readonly string[]): string[] {
  return names.map((name) => arn(scope, 'ssm', `parameter${prefix}/${name}`));
}

/**
 * Statement that reads SSM parameters by name. It suffices for SecureStrings: the key policy of `aws/ssm` lets everyone who may
 * read a parameter decrypt it.
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
 * Statement that reads all fleets' documents in one call. Permission to read a path includes everything under it, secrets too,
 * whatever other statements say about their names. So every role with this statement also gets `decryptOnly`.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
 */
export function listFleets(scope: Construct, prefix: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'ListFleets',
    actions: ['ssm:GetParametersByPath'],
    // IAM checks the path as requested: with or without a trailing slash.
    resources: parameterArns(scope, prefix, ['fleets', 'fleets/']),
  });
}

/**
 * Statement that denies decryption of all other SecureStrings. Parameter Store decrypts on behalf of its caller and passes the
 * parameter to KMS as context. Only decryptions with that context are denied: Lambda decrypts a function's environment on behalf
 * of the same role, with another context, and a denial that matched it would prevent every function from starting.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
 */
export function decryptOnly(scope: Construct, prefix: string, names: readonly string[]): PolicyStatement {
  const parameters = parameterArns(scope, prefix, names);
  const key = 'kms:EncryptionContext:PARAMETER_ARN';
  return new PolicyStatement({
    sid: 'DecryptNothingElse',
    effect: Effect.DENY,
    actions: ['kms:Decrypt'],
    resources: ['*'],
    conditions: {
      // A negated condition alone is also true if its key is absent.
      Null: { [key]: 'false' },
      ...(parameters.length === 0 ? {} : { StringNotLike: { [key]: parameters } }),
    },
  });
}

/**
 * Path of the managers' IAM roles, which the launcher may pass. It covers all fleets, so that a fleet can be added or removed
 * without the launcher's stack. It names the region, because IAM roles are shared by all regions of an account.
 */
export function managerRolePath(scope: Construct, parameterPrefix: string): string {
  return `${parameterPrefix}/${Stack.of(scope).region}/managers/`;
}

/** ARNs of the roles under a path. */
export function roleArnsUnder(scope: Construct, path: string): string {
  const { partition, account } = Stack.of(scope);
  return `arn:${partition}:iam::${account}:role${path}*`;
}

/** ARNs of the secrets that all fleets' managers create for jobs. Secrets Manager appends a suffix to the name in the ARN. */
export function jobSecretArns(scope: Construct, parameterPrefix: string): string {
  return arn(scope, 'secretsmanager', `secret:${jobSecretsPath(parameterPrefix)}*`);
}

/** ARNs of the secrets that one fleet's managers create for jobs. */
export function fleetSecretArns(scope: Construct, parameterPrefix: string, fleet: string): string {
  return arn(scope, 'secretsmanager', `secret:${fleetSecretsPath(parameterPrefix, fleet)}*`);
}

/** Statement that creates and deletes the secrets with which a fleet's images are pulled. It reads none. */
export function leaseSecrets(scope: Construct, parameterPrefix: string, fleet: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'LendSecrets',
    actions: ['secretsmanager:CreateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:TagResource'],
    resources: [fleetSecretArns(scope, parameterPrefix, fleet)],
  });
}

/** Statements that delete secrets of jobs whose manager died before it could. They read none. */
export function removeSecrets(scope: Construct, parameterPrefix: string): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'RemoveSecrets',
      actions: ['secretsmanager:DeleteSecret'],
      resources: [jobSecretArns(scope, parameterPrefix)],
      conditions: { StringEquals: { [roleTag()]: 'job' satisfies TaskRole } },
    }),
    // ListSecrets supports no resource. It returns names and tags of secrets, never their values.
    new PolicyStatement({
      sid: 'ListSecrets',
      actions: ['secretsmanager:ListSecrets'],
      resources: ['*'],
    }),
  ];
}

/** Statement that deletes runner tokens sent by webhooks, of all fleets. It reads none. */
export function removeWebhookRunnerTokens(scope: Construct, parameterPrefix: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'RemoveWebhookRunnerTokens',
    actions: ['ssm:DeleteParameters'],
    resources: parameterArns(scope, parameterPrefix, ['fleets/*/runner-tokens/*']),
  });
}

/** What pulling an image from ECR takes. */
export const PULL_ACTIONS: readonly string[] = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:GetDownloadUrlForLayer',
  'ecr:BatchGetImage',
];

/** Statements that read images of ECR repositories, and log in for it. */
export function readImages(
  sid: string,
  actions: readonly string[],
  repositoryArns: readonly string[],
): PolicyStatement[] {
  return [
    new PolicyStatement({ sid, actions: [...actions], resources: [...repositoryArns] }),
    // GetAuthorizationToken supports no resource: a token is valid for the account's whole registry.
    new PolicyStatement({
      sid: 'LogInToRegistry',
      actions: ['ecr:GetAuthorizationToken'],
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
 * Statement that publishes only this project's events on its bus: all of them, or only those of the given names. A call has
 * several entries, so the key has several values, which `StringEquals` alone does not match. `ForAllValues` is also true without
 * any value, hence `Null`.
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
