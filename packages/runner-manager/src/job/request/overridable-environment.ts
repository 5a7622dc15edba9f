import type { ServiceVariable } from '../plan/service-variables.ts';
import { holdSecrets } from './hold-secrets.ts';
import type { JobRequest } from './job-request.ts';
import { variableNames } from './variable-names.ts';

/** What of a service's variables may stand in RunTask's override, and the names of those that may not. */
export interface OverridableEnvironment {
  variables: { name: string; value: string }[];
  withheld: string[];
}

/** A shorter secret would be "found" in harmless values. GitLab masks nothing shorter than 8. */
const SHORTEST_SECRET = 8;

/**
 * What of a service's variables AWS may show to whoever reads tasks: those that are public, and hold no value that is not.
 * @param most characters of all values together; where there are more, nothing is looked through, since AWS takes none
 */
export function overridableEnvironment(
  request: JobRequest,
  variables: readonly ServiceVariable[],
  most: number,
): OverridableEnvironment | 'too-large' {
  const open = variables.filter(({ kind }) => kind === 'public');
  if (open.reduce((sum, { name, value }) => sum + name.length + value.length, 0) > most) return 'too-large';
  const values = open.map(({ value }) => value);
  const held = holdSecrets(values, secretValues(request));
  const secretive = new Set(open.filter((_, index) => held[index]));
  return {
    variables: open.filter((each) => !secretive.has(each)).map(({ name, value }) => ({ name, value })),
    withheld: variables
      .filter((each) => each.kind === 'secret' || secretive.has(each))
      .map(({ name }) => name),
  };
}

/** Values that are nobody's but the job's: of variables that are not public, those that GitLab never sent among them. */
function secretValues(request: JobRequest): string[] {
  const { isPublic } = variableNames(request);
  const sent = request.sentVariables.filter(
    (variable) => variable.public !== true || variable.masked === true,
  );
  const resolved = [...request.variables].filter(([name]) => !isPublic(name));
  return [...sent.map(({ value }) => value ?? ''), ...resolved.map(([, value]) => value)].filter(
    (value) => value.length >= SHORTEST_SECRET,
  );
}
