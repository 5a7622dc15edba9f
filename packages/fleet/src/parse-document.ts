import * as z from 'zod';

/** The fleet's document is not JSON or does not match the schema. The message names the parameter and the field. */
export class InvalidFleetConfigError extends Error {
  override readonly name = 'InvalidFleetConfigError';
}

/**
 * Parses a fleet's document from SSM.
 * @param parameterName used in error messages, to name what to correct
 * @throws {InvalidFleetConfigError}
 */
export function parseDocument<Output extends { name: string }>(
  schema: z.ZodType<Output>,
  parameterName: string,
  document: string,
): Output {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch {
    throw new InvalidFleetConfigError(`${parameterName} is not JSON: write the fleet's document again`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new InvalidFleetConfigError(`${parameterName}: ${z.prettifyError(parsed.error)}`);
  const { name } = parsed.data;
  if (parameterName.endsWith('/config') && !parameterName.endsWith(`/${name}/config`))
    throw new InvalidFleetConfigError(
      `${parameterName}: its name is "${name}", which must be the fleet's name in the parameter's path`,
    );
  return parsed.data;
}
