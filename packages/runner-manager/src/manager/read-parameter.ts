import { GetParameterCommand, ParameterNotFound, type SSMClient } from '@aws-sdk/client-ssm';

/** A required SSM parameter does not exist. */
export class MissingParameterError extends Error {
  override readonly name = 'MissingParameterError';
}

/** Reads the decrypted value of an SSM parameter; undefined if it does not exist or is empty. */
export async function readOptionalParameter(ssm: SSMClient, name: string): Promise<string | undefined> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return Parameter?.Value || undefined;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

/** Reads the decrypted value of an SSM parameter. @throws {MissingParameterError} */
export async function readParameter(ssm: SSMClient, name: string): Promise<string> {
  const value = await readOptionalParameter(ssm, name);
  if (value !== undefined) return value;
  throw new MissingParameterError(
    `SSM parameter ${name} does not exist: create it, or correct the fleet's name`,
  );
}
