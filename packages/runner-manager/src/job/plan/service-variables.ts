import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { expandReferences } from '../request/expand-variables.ts';
import type { JobRequest, JobVariable, ServiceRequest } from '../request/job-request.ts';
import { type VariableNames, variableNames } from '../request/variable-names.ts';

/** A variable of a service. */
export interface ServiceVariable {
  name: string;
  value: string;
  /**
   * `public`: AWS may show it, because GitLab marks it as public and it refers to no secret. `predefined`: public too, but
   * these are too many for an override.
   */
  kind: 'public' | 'predefined' | 'secret';
}

/** Predefined variables: they differ from job to job, and services rarely read them. */
const PREDEFINED = /^(CI|CI_.*|GITLAB_.*|FF_.*|GIT_.*|FARGATE_.*|RUNNER_.*|TRANSFER_.*|CHAT_.*)$/;

/**
 * The variables of a service, as in the Docker executor of GitLab Runner 19.3: the job's public ones and the runner's own, with
 * their values in the job, and then those that the service declares, expanded against all variables of job and service. So a
 * secret reaches a service by reference only. The last variable of a name wins.
 * @param maxCharacters limit for all names and values together; references let a small job make them arbitrarily long
 * @throws {JobRefusedError} as soon as the limit is exceeded
 * @see https://docs.gitlab.com/ci/services/#passing-cicd-variables-to-services
 */
export function serviceVariables(
  request: JobRequest,
  service: ServiceRequest,
  maxCharacters: number,
): ServiceVariable[] {
  const last = new Map<string, ServiceVariable>();
  let characters = 0;
  for (const variable of allVariables(request, service)) {
    const { name, value } = variable;
    characters += name.length + value.length - (last.get(name)?.value.length ?? 0);
    if (characters > maxCharacters) {
      throw new JobRefusedError([
        `The variables of the service ${quoted(service.name)} have more than ${maxCharacters} characters. Use files for large ones.`,
      ]);
    }
    last.set(name, variable);
  }
  last.delete('');
  return [...last.values()];
}

/** A generator, so that the caller can stop at its limit. */
function* allVariables(request: JobRequest, service: ServiceRequest): Generator<ServiceVariable> {
  const names = variableNames(request);
  for (const name of request.variables.keys())
    if (names.isRunnerVariable(name)) yield runnerVariable(name, names);
  for (const sent of request.sentVariables) if (sent.public === true) yield jobVariable(sent, names);
  yield* declared(service.variables ?? [], names);
}

function runnerVariable(name: string, names: VariableNames): ServiceVariable {
  return { name, value: names.valueOf(name), kind: kindOf(name) };
}

/** If a later, non-public entry of the same name wins in the job, the service still gets the value of the public one. */
function jobVariable(variable: JobVariable, names: VariableNames): ServiceVariable {
  const { key: name } = variable;
  const text = variable.value ?? '';
  const isLast = names.lastSent(name) === variable;
  return {
    name,
    value: isLast ? names.valueOf(name) : expandReferences(text, names.valueOf),
    kind: refersTo(text, names.isSecret) ? 'secret' : kindOf(name),
  };
}

/** Variables that a service declares. They may refer to each other's unexpanded values. */
function* declared(variables: readonly JobVariable[], names: VariableNames): Generator<ServiceVariable> {
  const texts = new Map(variables.map(({ key, value }) => [key, value ?? '']));
  const isSecret = (name: string) => !texts.has(name) && names.isSecret(name);
  for (const { key: name, value, raw } of variables) {
    const text = value ?? '';
    if (raw === true) yield { name, value: text, kind: 'public' };
    else
      yield {
        name,
        value: expandReferences(text, (other) => texts.get(other) ?? names.valueOf(other)),
        kind: refersTo(text, isSecret) ? 'secret' : 'public',
      };
  }
}

function kindOf(name: string): ServiceVariable['kind'] {
  return PREDEFINED.test(name) ? 'predefined' : 'public';
}

/** Whether a text refers to a variable that matches. */
function refersTo(text: string, matches: (name: string) => boolean): boolean {
  let found = false;
  expandReferences(text, (name) => {
    found ||= matches(name);
    return undefined;
  });
  return found;
}
