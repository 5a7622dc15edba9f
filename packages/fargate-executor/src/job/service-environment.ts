import { expandVariables } from './expand-variables.ts';
import type { JobRequest, JobVariable, ServiceRequest } from './job-request.ts';

/** Predefined variables: they differ from job to job, and no service reads them. */
const PREDEFINED = /^(CI|CI_.*|GITLAB_.*|FF_.*|GIT_.*|FARGATE_.*|RUNNER_.*|TRANSFER_.*|CHAT_.*)$/;
/** A shorter secret would be "found" in harmless values. GitLab masks nothing shorter than 8. */
const SHORTEST_SECRET = 8;

/** Environment of a service container, and the variables it does not get since they hold a secret. */
export interface ServiceEnvironment {
  variables: { name: string; value: string }[];
  withheld: string[];
}

/**
 * What a service container is told: the job's public variables, as GitLab's docker executor gives them, and the
 * service's own. They travel in RunTask's override, where AWS's logs show them: so nothing that is, or holds, the value
 * of a variable that GitLab does not call public.
 */
export function serviceEnvironment(request: JobRequest, service: ServiceRequest): ServiceEnvironment {
  const secrets = secretValues(request);
  const values = new Map<string, string>();
  for (const variable of request.sentVariables.filter(isForServices)) {
    values.set(variable.key, request.variables.get(variable.key) ?? variable.value ?? '');
  }
  for (const variable of service.variables ?? []) {
    const value = variable.value ?? '';
    // As ExpandWith in common/spec/variables.go of 19.3.
    values.set(variable.key, variable.raw ? value : expandVariables(value, request.variables));
  }
  const isSecret = (value: string) => secrets.some((secret) => value.includes(secret));
  const all = [...values];
  return {
    variables: all.filter(([, value]) => !isSecret(value)).map(([name, value]) => ({ name, value })),
    withheld: all.filter(([, value]) => isSecret(value)).map(([name]) => name),
  };
}

function isForServices(variable: JobVariable): boolean {
  const open = variable.public === true && variable.masked !== true && variable.file !== true;
  return open && !PREDEFINED.test(variable.key);
}

function secretValues(request: JobRequest): string[] {
  return request.sentVariables
    .filter((variable) => variable.public !== true || variable.masked === true)
    .flatMap((variable) => [variable.value ?? '', request.variables.get(variable.key) ?? ''])
    .filter((value) => value.length >= SHORTEST_SECRET);
}
