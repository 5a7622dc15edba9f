import { expandReferences } from './expand-variables.ts';
import type { JobRequest, JobVariable, ServiceRequest } from './job-request.ts';

/** A variable of a service. */
export interface ServiceVariable {
  name: string;
  value: string;
  /**
   * Whether AWS may show it (`OverridableEnvironment`): GitLab calls it public, or it is written of such. Predefined ones
   * are public, too, but too many for an override.
   */
  kind: 'public' | 'predefined' | 'secret';
}

/** What of a service's variables may stand in RunTask's override, and the names of those that may not. */
export interface OverridableEnvironment {
  variables: { name: string; value: string }[];
  withheld: string[];
}

/** Predefined variables: they differ from job to job, and hardly a service reads them. */
const PREDEFINED = /^(CI|CI_.*|GITLAB_.*|FF_.*|GIT_.*|FARGATE_.*|RUNNER_.*|TRANSFER_.*|CHAT_.*)$/;
/** What the runner adds itself and calls internal: the Docker executor gives these to services, too. */
const OF_RUNNER =
  /^(CI_(BUILDS_DIR|PROJECT_DIR|CONCURRENT_ID|CONCURRENT_PROJECT_ID|SERVER|JOB_STATUS|JOB_TIMEOUT|JOB_IMAGE|RUNNER_SHORT_TOKEN|RUNNER_VERSION|RUNNER_REVISION|RUNNER_EXECUTABLE_ARCH|DISPOSABLE_ENVIRONMENT|SHARED_ENVIRONMENT)|RUNNER_TEMP_PROJECT_DIR|FF_[A-Z0-9_]+)$/;
/** A shorter secret would be "found" in harmless values. GitLab masks nothing shorter than 8. */
const SHORTEST_SECRET = 8;

/**
 * The variables of a service, as the Docker executor of GitLab Runner 19.3 gives them: the job's public ones and the
 * runner's own, as they are in the job, and then those that the service declares, expanded against all of the job's and
 * the service's. So a secret reaches a service by reference only. Of two with one name the last holds.
 * @see https://docs.gitlab.com/ci/services/#passing-cicd-variables-to-services
 */
export function serviceVariables(request: JobRequest, service: ServiceRequest): ServiceVariable[] {
  const found = new Map<string, ServiceVariable>();
  const add = (name: string, value: string, kind: ServiceVariable['kind']) => {
    found.delete(name);
    if (name !== '') found.set(name, { name, value, kind });
  };
  const kindOf = (name: string) => (PREDEFINED.test(name) ? 'predefined' : 'public');
  const names = namesOf(request);
  for (const name of request.variables.keys()) {
    if (names.isOfRunner(name)) add(name, names.valueOf(name), kindOf(name));
  }
  for (const variable of request.sentVariables.filter(({ public: isPublic }) => isPublic === true)) {
    const { key, value } = variable;
    // Another entry of that name, which is not public, holds in the job: it is not the service's.
    const isLast = names.sent.get(key) === variable && !request.secretFiles.has(key);
    add(key, isLast ? names.valueOf(key) : expandReferences(value ?? '', names.valueOf), kindOf(key));
  }
  const own = new Map((service.variables ?? []).map((variable) => [variable.key, variable]));
  for (const { key, value, raw } of service.variables ?? []) {
    let kind: ServiceVariable['kind'] = 'public';
    const lookup = (name: string): string => {
      const ofService = own.get(name);
      if (ofService) return ofService.value ?? '';
      if (request.variables.has(name) && !names.isPublic(name) && !names.isFile(name)) kind = 'secret';
      return names.valueOf(name);
    };
    add(key, raw === true ? (value ?? '') : expandReferences(value ?? '', lookup), kind);
  }
  return [...found.values()];
}

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
  const secrets = secretValues(request);
  const isSecret = ({ value }: ServiceVariable) => secrets.some((secret) => value.includes(secret));
  return {
    variables: open.filter((each) => !isSecret(each)).map(({ name, value }) => ({ name, value })),
    withheld: variables
      .filter((each) => each.kind === 'secret' || (each.kind === 'public' && isSecret(each)))
      .map(({ name }) => name),
  };
}

/** A job's variables by name: what each is worth, and to whom it may be shown. */
function namesOf({ variables, sentVariables, secretFiles }: JobRequest) {
  /** The last entry of each name. */
  const sent = new Map<string, JobVariable>(sentVariables.map((variable) => [variable.key, variable]));
  const folder = variables.get('RUNNER_TEMP_PROJECT_DIR') ?? `${variables.get('CI_PROJECT_DIR') ?? ''}.tmp`;
  const isOfRunner = (name: string) => !sent.has(name) && !secretFiles.has(name) && OF_RUNNER.test(name);
  const isFile = (name: string) =>
    variables.has(name) && (secretFiles.get(name) ?? sent.get(name)?.file === true);
  return {
    sent,
    isOfRunner,
    isFile,
    isPublic: (name: string) =>
      isOfRunner(name) || (sent.get(name)?.public === true && !secretFiles.has(name)),
    /** The value in the job; of a file, where the runner writes it. */
    valueOf: (name: string) => (isFile(name) ? `${folder}/${name}` : (variables.get(name) ?? '')),
  };
}

/** Values that are nobody's but the job's: of variables that are not public, those that GitLab never sent among them. */
function secretValues(request: JobRequest): string[] {
  const { isPublic } = namesOf(request);
  const sent = request.sentVariables.filter(
    (variable) => variable.public !== true || variable.masked === true,
  );
  const resolved = [...request.variables].filter(([name]) => !isPublic(name));
  return [...sent.map(({ value }) => value ?? ''), ...resolved.map(([, value]) => value)].filter(
    (value) => value.length >= SHORTEST_SECRET,
  );
}
