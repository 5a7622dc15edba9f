import type { SSMClient } from '@aws-sdk/client-ssm';
import type { ParameterNames } from '@serverless-gitlab-runner/fleet';
import { OperationError } from '../operation-error.ts';
import { createWebhookSecret, readSecret, storeSecret } from '../secrets.ts';

export interface StoredRotation {
  /** The secret that webhooks are to send from now on. */
  secret: string;
  /** Whether an earlier rotation was not finished, so that its secret is used. */
  isResumed: boolean;
}

/**
 * Stores a new webhook secret, and the current one as the previous one; the receiver accepts both. It can be run again after any
 * of its steps: as long as a previous secret is stored, no third one is made, since webhooks may still send either.
 * @throws {OperationError} if no secret is stored
 */
export async function rotateWebhookSecret(
  ssm: SSMClient,
  names: ParameterNames,
  create: () => string = createWebhookSecret,
): Promise<StoredRotation> {
  const current = await readSecret(ssm, names.webhookSecret);
  if (current === undefined)
    throw new OperationError(
      `${names.webhookSecret} does not exist. If GitLab made a signing token, rotate that: copy ${names.signingToken} to ${names.previousSigningToken}, make a new one in GitLab, and store it as ${names.signingToken}.`,
    );
  const previous = await readSecret(ssm, names.previousWebhookSecret);
  if (previous !== undefined && previous !== current) return { secret: current, isResumed: true };
  if (previous === undefined) await storeSecret(ssm, names.previousWebhookSecret, current);
  const secret = create();
  await storeSecret(ssm, names.webhookSecret, secret);
  return { secret, isResumed: false };
}
