import { expandReferences } from './expand-variables.ts';
import type { JobRequest, JobVariable, ServiceRequest } from './job-request.ts';
import { type VariableNames, variableNames } from './variable-names.ts';

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
 * @see https://docs.gitlab.com/ci/services/#passing-cicd-variables-to-services
 */
export function serviceVariables(request: JobRequest, service: ServiceRequest): ServiceVariable[] {
  const names = variableNames(request);
  const all = [
    ...[...request.variables.keys()].filter(names.isOfRunner).map((name) => ofRunner(name, names)),
    ...request.sentVariables.filter((sent) => sent.public === true).map((sent) => ofJob(sent, names)),
    ...declared(service.variables ?? [], names),
  ];
  const last = new Map(all.map((variable) => [variable.name, variable]));
  last.delete('');
  return [...last.values()];
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
function declared(variables: readonly JobVariable[], names: VariableNames): ServiceVariable[] {
  const texts = new Map(variables.map(({ key, value }) => [key, value ?? '']));
  const isSecret = (name: string) => !texts.has(name) && names.isSecret(name);
  return variables.map(({ key: name, value, raw }): ServiceVariable => {
    const text = value ?? '';
    if (raw === true) return { name, value: text, kind: 'public' };
    return {
      name,
      value: expandReferences(text, (other) => texts.get(other) ?? names.valueOf(other)),
      kind: refersTo(text, isSecret) ? 'secret' : 'public',
    };
  });
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
