import { GetParameterCommand, ParameterNotFound, type SSMClient } from '@aws-sdk/client-ssm';

/** An SSM parameter that must be there is not. */
export class MissingParameterError extends Error {
  override readonly name = 'MissingParameterError';
}

/** Value of an SSM parameter, decrypted. @throws {MissingParameterError} */
export async function readParameter(ssm: SSMClient, name: string): Promise<string> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    if (Parameter?.Value) return Parameter.Value;
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
  }
  throw new MissingParameterError(`there is no SSM parameter ${name}: write it, or correct the fleet's name`);
}
