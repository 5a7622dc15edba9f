/**
 * Permissions that Parameter Store checks, and those for its KMS calls on behalf of the caller.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
 */
import {
  DEFAULT_PARAMETER_PREFIX,
  fleetOfConfigParameter,
  parameterNames,
} from '@serverless-gitlab-runner/fleet';
import { ACCOUNT, arnOf, asArn, REGION } from '../arns.ts';
import type { RecordedCall } from '../recording.ts';
import { type Need, type NeedsOf, recordedTags, requestTags, text, texts } from './need.ts';

export const SSM: Readonly<Record<string, NeedsOf>> = {
  GetParameter: (call) => reads('ssm:GetParameter', [text(call, 'Name')], call),
  GetParameters: (call) => reads('ssm:GetParameters', texts(call, 'Names'), call),
  GetParametersByPath: (call) => {
    const path = text(call, 'Path');
    return [
      { action: 'ssm:GetParametersByPath', resource: parameterArn(path), context: {} },
      ...decryptions(secretsBelow(path), call),
    ];
  },
  PutParameter: (call) => {
    const tags = recordedTags(call);
    const resource = parameterArn(text(call, 'Name'));
    const context = { 'ssm:Overwrite': String(call.parameters.Overwrite === true), ...requestTags(tags) };
    return [
      { action: 'ssm:PutParameter', resource, context },
      ...(tags.length > 0 ? [{ action: 'ssm:AddTagsToResource', resource, context: requestTags(tags) }] : []),
      ...(call.parameters.Type === 'SecureString' ? [ofKey('kms:Encrypt', resource)] : []),
    ];
  },
  DeleteParameters: (call) =>
    texts(call, 'Names').map((name) => ({
      action: 'ssm:DeleteParameters',
      resource: parameterArn(name),
      context: {},
    })),
};

function reads(action: string, names: readonly string[], call: RecordedCall): Need[] {
  return [
    ...names.map((name) => ({ action, resource: parameterArn(name), context: {} })),
    ...decryptions(names, call),
  ];
}

/** KMS is used only if decryption is requested, and only for a SecureString. */
function decryptions(names: readonly string[], call: RecordedCall): Need[] {
  if (call.parameters.WithDecryption !== true) return [];
  return names.filter(isSecureString).map((name) => ofKey('kms:Decrypt', parameterArn(name)));
}

/** All parameters except fleet documents are secure strings. */
function isSecureString(name: string): boolean {
  return fleetOfConfigParameter(DEFAULT_PARAMETER_PREFIX, name) === undefined;
}

/** Secure strings that reading a path would decrypt if it contained a fleet. */
function secretsBelow(path: string): string[] {
  const { webhookSecret, signingToken, runnerToken, apiToken } = parameterNames(
    DEFAULT_PARAMETER_PREFIX,
    'default',
  );
  return [webhookSecret, signingToken, runnerToken, apiToken].filter((name) => name.startsWith(path));
}

/**
 * The key `aws/ssm`: its own policy grants it to every principal of the account that uses Parameter Store.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
 */
function ofKey(action: string, resource: string): Need {
  return {
    action,
    resource: arnOf('kms', 'key/00000000-0000-0000-0000-000000000000'),
    context: {
      'kms:ViaService': `ssm.${REGION}.amazonaws.com`,
      'kms:CallerAccount': ACCOUNT,
      'kms:EncryptionContext:PARAMETER_ARN': resource,
    },
    // AWS's list has `kms:EncryptionContext:${EncryptionContextKey}`, which the evaluator does not recognise.
    isUnlisted: true,
    isGrantedByResource: true,
  };
}

function parameterArn(name: string): string {
  return asArn(name.replace(/^\//, ''), 'ssm', 'parameter/');
}
