import type { ServiceVariable } from '../plan/service-variables.ts';
import { containSecrets } from './contain-secrets.ts';
import type { JobRequest } from './job-request.ts';
import { variableNames } from './variable-names.ts';

/** Those of a service's variables that may go into RunTask's override, and the names of those that may not. */
export interface OverridableEnvironment {
  variables: { name: string; value: string }[];
  withheld: string[];
}

/** Shorter secrets would match harmless values. GitLab masks nothing shorter than 8 characters. */
const MIN_SECRET_CHARACTERS = 8;

/**
 * Selects those of a service's variables that may be visible to everyone who can describe the task: public ones that contain
 * no secret value.
 * @param maxCharacters limit for all names and values together; above it nothing is searched, because AWS refuses them
 */
export function overridableEnvironment(
  request: JobRequest,
  variables: readonly ServiceVariable[],
  maxCharacters: number,
): OverridableEnvironment | 'too-large' {
  const open = variables.filter(({ kind }) => kind === 'public');
  const characters = open.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (characters > maxCharacters) return 'too-large';
  const values = open.map(({ value }) => value);
  const isSecret = containSecrets(values, secretValues(request));
  const secret = new Set(open.filter((_, index) => isSecret[index]));
  return {
    variables: open.filter((each) => !secret.has(each)).map(({ name, value }) => ({ name, value })),
    withheld: variables.filter((each) => each.kind === 'secret' || secret.has(each)).map(({ name }) => name),
  };
}

/** Values of variables that are not public, including those that GitLab never sent. */
function secretValues(request: JobRequest): string[] {
  const { isPublic } = variableNames(request);
  const sent = request.sentVariables.filter(
    (variable) => variable.public !== true || variable.masked === true,
  );
  const resolved = [...request.variables].filter(([name]) => !isPublic(name));
  return [...sent.map(({ value }) => value ?? ''), ...resolved.map(([, value]) => value)].filter(
    (value) => value.length >= MIN_SECRET_CHARACTERS,
  );
}
