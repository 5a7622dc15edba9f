import type { Architecture, CapacityProvider } from '@serverless-gitlab-runner/fleet';
import { refuseLonger } from '../../bounded-text.ts';
import { parseCpu, parseMemory, parseStorage } from '../../parse-quantity.ts';
import { type DockerAuthConfig, parseDockerAuthConfig } from './docker-auth-config.ts';
import type { JobRequest } from './job-request.ts';
import { parseArchitecture, parseCapacity, parsePort } from './parse-setting.ts';

/** GitLab Runner's own flag for it, which its Kubernetes executor reads. */
export const ENTRY_POINT_FLAG = 'FF_KUBERNETES_HONOR_ENTRYPOINT';
/** GitLab's variable for the port of a service. @see https://docs.gitlab.com/ci/services/ */
export const PORT_VARIABLE = 'HEALTHCHECK_TCP_PORT';

/** The longest value of a setting, in characters: none needs more. */
const MOST_CHARACTERS = 255;
const MOST_HOST_CHARACTERS = 2048;

/** A variable that a job sets to something. */
export interface Setting<Value> {
  /** Name of the variable. */
  name: string;
  text: string;
  /** Undefined: the text is none of the variable's values. */
  value: Value | undefined;
}

/**
 * All that a job may set by variables, bounded and parsed: the table in docs/writing-jobs.md. What the job does not set is
 * undefined. No other variable decides anything; names of images, services, users and platforms refer to variables.
 */
export interface JobOverrides {
  /** CPU units. */
  cpu: Setting<number> | undefined;
  /** MiB. */
  memory: Setting<number> | undefined;
  /** What the job asks of the Kubernetes executor, a limit before a request, in the same units. */
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
  /** Whether the job is the terminal of GitLab's Web IDE. */
  isWebTerminal: boolean;
  /** Whether a variable of Testcontainers is set. */
  usesTestcontainers: boolean;
}

/**
 * Reads a job's settings from its variables.
 * @throws {JobRefusedError} when one is too long, or `DOCKER_AUTH_CONFIG` cannot be read
 */
export function parseJobOverrides(request: JobRequest): JobOverrides {
  const { variables } = request;
  const textOf = (name: string, mostCharacters = MOST_CHARACTERS) => {
    const text = variables.get(name) ?? '';
    refuseLonger(name, text, mostCharacters);
    return text || undefined;
  };
  /** The first of the variables that is set. */
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
    dockerHost: textOf('DOCKER_HOST', MOST_HOST_CHARACTERS),
    healthcheckPort: read(parsePort, PORT_VARIABLE),
    isWebTerminal: variables.get('CI_PIPELINE_SOURCE') === 'webide',
    usesTestcontainers: [...variables.keys()].some((name) => name.startsWith('TESTCONTAINERS_')),
  };
}

/** As GitLab Runner reads its flags. */
function parseFlag(text: string): boolean {
  return ['1', 't', 'true'].includes(text.toLowerCase());
}
