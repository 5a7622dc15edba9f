import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';

/** A decrypted parameter; undefined if it does not exist. */
export async function readSecret(ssm: SSMClient, Name: string): Promise<string | undefined> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
    return Parameter?.Value;
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterNotFound') return undefined;
    throw error;
  }
}
