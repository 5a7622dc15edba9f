import { GetParameterCommand, ParameterNotFound, type SSMClient } from '@aws-sdk/client-ssm';

/** A required SSM parameter does not exist. */
export class MissingParameterError extends Error {
  override readonly name = 'MissingParameterError';
}

/** Reads the decrypted value of an SSM parameter. @throws {MissingParameterError} */
export async function readParameter(ssm: SSMClient, name: string): Promise<string> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    if (Parameter?.Value) return Parameter.Value;
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
  }
  throw new MissingParameterError(
    `SSM parameter ${name} does not exist: create it, or correct the fleet's name`,
  );
}
