/** Permissions that AWS services use as a role, without a recorded call. */
import { ACCOUNT, arnOf, REGION } from '../arns.ts';
import type { Need } from './need.ts';

/**
 * Lambda decrypts a function's environment variables as the function's role before the function starts, with a grant on
 * `aws/lambda`. The grant suffices, but an explicit denial still prevents the start.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
 */
export function environmentOfFunction(functionName: string): Need {
  return {
    action: 'kms:Decrypt',
    resource: arnOf('kms', 'key/00000000-0000-0000-0000-000000000001'),
    context: {
      'kms:ViaService': `lambda.${REGION}.amazonaws.com`,
      'kms:CallerAccount': ACCOUNT,
      'kms:EncryptionContext:aws:lambda:FunctionArn': arnOf('lambda', `function:${functionName}`),
    },
    // AWS's list has `kms:EncryptionContext:${EncryptionContextKey}`, which the evaluator does not recognise.
    isUnlisted: true,
    isGrantedByResource: true,
  };
}
