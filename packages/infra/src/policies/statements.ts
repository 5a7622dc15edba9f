import { fleetSecretsPath, jobSecretsPath, type TaskRole } from '@serverless-gitlab-runner/fleet';
import { EVENT_SOURCE, type EventName } from '@serverless-gitlab-runner/shared-events';
import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { arn, roleTag } from './names.ts';

/** ARNs of SSM parameters under the prefix; `*` stands for anything, slashes too. */
export function parameterArns(scope: Construct, prefix: string, names: readonly string[]): string[] {
  return names.map((name) => arn(scope, 'ssm', `parameter${prefix}/${name}`));
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
 * Statement that refuses to decrypt any SecureString but these. Parameter Store decrypts in its caller's name and tells KMS
 * which parameter it is for. It is about decryptions with that context only: Lambda decrypts a function's environment in the
 * same role's name, with another, and a denial that matched it would keep every function from starting.
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
      // A negated condition alone holds where its key is absent.
      Null: { [key]: 'false' },
      ...(parameters.length === 0 ? {} : { StringNotLike: { [key]: parameters } }),
    },
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

/** Statement that removes runner tokens which webhooks brought, of all fleets, and reads none. */
export function removeWebhookRunnerTokens(scope: Construct, parameterPrefix: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'RemoveWebhookRunnerTokens',
    actions: ['ssm:DeleteParameters'],
    resources: parameterArns(scope, parameterPrefix, ['fleets/*/runner-tokens/*']),
  });
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
