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
   * Whether AWS may show it: GitLab calls it public, and it refers to no secret. Predefined ones are public, too, but too
   * many for an override.
   */
  kind: 'public' | 'predefined' | 'secret';
}

/** Predefined variables: they differ from job to job, and hardly a service reads them. */
const PREDEFINED = /^(CI|CI_.*|GITLAB_.*|FF_.*|GIT_.*|FARGATE_.*|RUNNER_.*|TRANSFER_.*|CHAT_.*)$/;

/**
 * The variables of a service, as the Docker executor of GitLab Runner 19.3 gives them: the job's public ones and the
 * runner's own, as they are in the job, and then those that the service declares, expanded against all of the job's and
 * the service's. So a secret reaches a service by reference only. Of two with one name the last holds.
 * @param mostCharacters of all names and values together; a small job may make them of any length by references
 * @throws {JobRefusedError} as soon as they are more
 * @see https://docs.gitlab.com/ci/services/#passing-cicd-variables-to-services
 */
export function serviceVariables(
  request: JobRequest,
  service: ServiceRequest,
  mostCharacters: number,
): ServiceVariable[] {
  const last = new Map<string, ServiceVariable>();
  let characters = 0;
  for (const variable of allVariables(request, service)) {
    const { name, value } = variable;
    characters += name.length + value.length - (last.get(name)?.value.length ?? 0);
    if (characters > mostCharacters) {
      throw new JobRefusedError([
        `The variables of the service ${quoted(service.name)} come to more than ${mostCharacters} characters: make large ones files.`,
      ]);
    }
    last.set(name, variable);
  }
  last.delete('');
  return [...last.values()];
}

/** One after the other, so that whoever counts them can stop. */
function* allVariables(request: JobRequest, service: ServiceRequest): Generator<ServiceVariable> {
  const names = variableNames(request);
  for (const name of request.variables.keys()) if (names.isOfRunner(name)) yield ofRunner(name, names);
  for (const sent of request.sentVariables) if (sent.public === true) yield ofJob(sent, names);
  yield* declared(service.variables ?? [], names);
}

function ofRunner(name: string, names: VariableNames): ServiceVariable {
  return { name, value: names.valueOf(name), kind: kindOf(name) };
}

/** Where another entry of that name holds in the job, which is not public, the service gets what the public one says. */
function ofJob(variable: JobVariable, names: VariableNames): ServiceVariable {
  const { key: name } = variable;
  const text = variable.value ?? '';
  const isLast = names.lastSent(name) === variable;
  return {
    name,
    value: isLast ? names.valueOf(name) : expandReferences(text, names.valueOf),
    kind: refersTo(text, names.isSecret) ? 'secret' : kindOf(name),
  };
}

/** Variables that a service declares: they may refer to each other, as they are written. */
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

/** Whether a text refers to a variable that is such. */
function refersTo(text: string, isSuch: (name: string) => boolean): boolean {
  let found = false;
  expandReferences(text, (name) => {
    found ||= isSuch(name);
    return undefined;
  });
  return found;
}
