import { type FleetConfig, parseFleetConfig } from './fleet-config.ts';
import { fleetOfConfigParameter, fleetsPath, parameterNames } from './parameter-names.ts';
import { InvalidFleetConfigError } from './parse-document.ts';

/** The fields of a parameter in SSM's responses that are read here. */
export interface ListedParameter {
  Name?: string | undefined;
  /** Ciphertext, if a SecureString was not decrypted. */
  Value?: string | undefined;
  LastModifiedDate?: Date | undefined;
}

/** A fleet that has a document. Times are milliseconds since 1970; undefined if SSM returned none. */
export type ListedFleet = {
  name: string;
  /** When its document was last written. */
  writtenAt: number | undefined;
  /** When each of the fleet's other parameters was last written, by parameter name. */
  otherParameters: ReadonlyMap<string, number | undefined>;
  /** Certificates (PEM) of GitLab's authorities, unchecked; undefined if none are stored. */
  certificateAuthorities: string | undefined;
} & ({ config: FleetConfig } | { problem: string });

/**
 * Reads the fleets from a listing of the parameters below `fleetsPath(prefix)`, in its order. An invalid document makes a fleet
 * with a `problem`, which names the parameter and the field; the other fleets are not affected.
 */
export function fleetsOf(prefix: string, parameters: readonly ListedParameter[]): ListedFleet[] {
  const path = fleetsPath(prefix);
  const byFleet = Map.groupBy(parameters, ({ Name = '' }) =>
    Name.startsWith(path) ? Name.slice(path.length).split('/')[0] : undefined,
  );
  return parameters.flatMap((document) => {
    const name = fleetOfConfigParameter(prefix, document.Name ?? '');
    if (name === undefined) return [];
    const others = (byFleet.get(name) ?? []).filter((parameter) => parameter !== document);
    const otherParameters = new Map(others.map((other) => [other.Name ?? '', writtenAt(other)]));
    const authorities = parameterNames(prefix, name).certificateAuthorities;
    const certificateAuthorities = others.find(({ Name }) => Name === authorities)?.Value;
    return [
      {
        name,
        writtenAt: writtenAt(document),
        otherParameters,
        certificateAuthorities,
        ...parse(document),
      },
    ];
  });
}

function writtenAt({ LastModifiedDate }: ListedParameter): number | undefined {
  return LastModifiedDate?.getTime();
}

function parse({ Name = '', Value = '' }: ListedParameter): { config: FleetConfig } | { problem: string } {
  try {
    return { config: parseFleetConfig(Name, Value) };
  } catch (error) {
    if (error instanceof InvalidFleetConfigError) return { problem: error.message };
    throw error;
  }
}
