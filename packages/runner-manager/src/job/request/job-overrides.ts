import type { Architecture, CapacityProvider } from '@serverless-gitlab-runner/fleet';
import { refuseLonger } from '../../bounded-text.ts';
import { parseCpu, parseMemory, parseStorage } from '../../parse-quantity.ts';
import { type DockerAuthConfig, parseDockerAuthConfig } from './docker-auth-config.ts';
import type { JobRequest } from './job-request.ts';
import { parseArchitecture, parseCapacity, parsePort } from './parse-setting.ts';

/** GitLab Runner's feature flag for the image's entry point, which its Kubernetes executor reads. */
export const ENTRY_POINT_FLAG = 'FF_KUBERNETES_HONOR_ENTRYPOINT';
/** GitLab's variable for the port of a service. @see https://docs.gitlab.com/ci/services/ */
export const PORT_VARIABLE = 'HEALTHCHECK_TCP_PORT';

/** Maximum length of a setting's value, in characters. No setting needs more. */
const MAX_CHARACTERS = 255;
const MAX_HOST_CHARACTERS = 2048;

/** A variable that a job sets. */
export interface Setting<Value> {
  /** Name of the variable. */
  name: string;
  text: string;
  /** Undefined if the text is not a valid value. */
  value: Value | undefined;
}

/**
 * All settings that a job may make by variables, bounded and parsed; docs/writing-jobs.md lists them. Unset ones are undefined.
 * No other variable has an effect, except that names of images, services, users and platforms may refer to variables.
 */
export interface JobOverrides {
  /** CPU units. */
  cpu: Setting<number> | undefined;
  /** MiB. */
  memory: Setting<number> | undefined;
  /** Settings for the Kubernetes executor, in the same units. A limit takes precedence over a request. */
  kubernetesCpu: Setting<number> | undefined;
  kubernetesMemory: Setting<number> | undefined;
  /** GiB. */
  storage: Setting<number> | undefined;
  architecture: Setting<Architecture> | undefined;
  /** In the order to try. */
  capacity: Setting<readonly CapacityProvider[]> | undefined;
  honorImageEntryPoint: boolean | undefined;
  dockerAuth: DockerAuthConfig;
  dockerHost: string | undefined;
  healthcheckPort: Setting<number> | undefined;
  /** Whether the job is an interactive terminal of GitLab's Web IDE. */
  isWebTerminal: boolean;
  /** Whether a variable of Testcontainers is set. */
  usesTestcontainers: boolean;
}

/**
 * Parses a job's settings from its variables.
 * @throws {JobRefusedError} when one is too long, or `DOCKER_AUTH_CONFIG` is invalid
 */
export function parseJobOverrides(request: JobRequest): JobOverrides {
  const { variables } = request;
  const textOf = (name: string, maxCharacters = MAX_CHARACTERS) => {
    const text = variables.get(name) ?? '';
    refuseLonger(name, text, maxCharacters);
    return text || undefined;
  };
  /** Parses the first of the variables that is set. */
  const read = <Value>(
    parse: (text: string) => Value | undefined,
    ...names: string[]
  ): Setting<Value> | undefined => {
    for (const name of names) {
      const text = textOf(name);
      if (text !== undefined) return { name, text, value: parse(text) };
    }
    return undefined;
  };
  return {
    cpu: read(parseCpu, 'FARGATE_CPU'),
    memory: read(parseMemory, 'FARGATE_MEMORY'),
    kubernetesCpu: read(parseCpu, 'KUBERNETES_CPU_LIMIT', 'KUBERNETES_CPU_REQUEST'),
    kubernetesMemory: read(parseMemory, 'KUBERNETES_MEMORY_LIMIT', 'KUBERNETES_MEMORY_REQUEST'),
    storage: read(parseStorage, 'FARGATE_EPHEMERAL_STORAGE'),
    architecture: read(parseArchitecture, 'FARGATE_ARCHITECTURE'),
    capacity: read(parseCapacity, 'FARGATE_CAPACITY'),
    honorImageEntryPoint: read(parseFlag, ENTRY_POINT_FLAG)?.value,
    dockerAuth: parseDockerAuthConfig(request),
    dockerHost: textOf('DOCKER_HOST', MAX_HOST_CHARACTERS),
    healthcheckPort: read(parsePort, PORT_VARIABLE),
    isWebTerminal: variables.get('CI_PIPELINE_SOURCE') === 'webide',
    usesTestcontainers: [...variables.keys()].some((name) => name.startsWith('TESTCONTAINERS_')),
  };
}

/** Parses a flag as GitLab Runner does. */
function parseFlag(text: string): boolean {
  return ['1', 't', 'true'].includes(text.toLowerCase());
}
