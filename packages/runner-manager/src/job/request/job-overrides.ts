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
 * All settings that a job may make by variables, bounded and parsed; docs/reference/job-variables.md is written from these comments. Unset ones are undefined.
 * No other variable has an effect, except that names of images, services, users and platforms may refer to variables.
 */
export interface JobOverrides {
  /**
   * vCPUs (`0.5`, `2 vCPU`) or CPU units (`512`); parsed to CPU units.
   * @variable FARGATE_CPU
   * @default the fleet's `job.size`
   */
  cpu: Setting<number> | undefined;
  /**
   * MiB (`2048`), or with a unit (`2GB`, `512MB`); parsed to MiB.
   * @variable FARGATE_MEMORY
   * @default the fleet's `job.size`
   */
  memory: Setting<number> | undefined;
  /**
   * The CPU of pipelines written for the Kubernetes executor, in the same units. Used if neither `FARGATE_CPU` nor `FARGATE_MEMORY`
   * is set. A limit takes precedence over a request.
   * @variable KUBERNETES_CPU_LIMIT
   * @variable KUBERNETES_CPU_REQUEST
   */
  kubernetesCpu: Setting<number> | undefined;
  /**
   * The same for memory.
   * @variable KUBERNETES_MEMORY_LIMIT
   * @variable KUBERNETES_MEMORY_REQUEST
   */
  kubernetesMemory: Setting<number> | undefined;
  /**
   * Size of the task's disk in GiB, 20 or more.
   * @variable FARGATE_EPHEMERAL_STORAGE
   * @default the fleet's `job.ephemeralStorageGib`
   */
  storage: Setting<number> | undefined;
  /**
   * `X86_64` or `ARM64`.
   * @variable FARGATE_ARCHITECTURE
   * @default the image's `docker: platform`, else the fleet's `job.architecture`
   */
  architecture: Setting<Architecture> | undefined;
  /**
   * `FARGATE_SPOT` (`spot`), `FARGATE` (`on-demand`), or both in the order to try (`spot,on-demand`).
   * @variable FARGATE_CAPACITY
   * @default the fleet's `job.capacity`
   */
  capacity: Setting<readonly CapacityProvider[]> | undefined;
  /**
   * `true` or `1`: the image's own entry point is run.
   * @variable FF_KUBERNETES_HONOR_ENTRYPOINT
   * @default the fleet's `job.honorImageEntryPoint`
   */
  honorImageEntryPoint: boolean | undefined;
  /**
   * Registry logins, as `docker login` writes them; may be a file variable; at most 64 KiB and 100 registries.
   * @variable DOCKER_AUTH_CONFIG
   */
  dockerAuth: DockerAuthConfig;
  /**
   * Only checked: a job in the Docker client's image is rejected if its daemon cannot exist.
   * @variable DOCKER_HOST
   */
  dockerHost: string | undefined;
  /**
   * Port of the job's service that is waited for, if it has one service; a service's own variables come first.
   * @variable HEALTHCHECK_TCP_PORT
   * @default the image's usual port
   */
  healthcheckPort: Setting<number> | undefined;
  /**
   * Only checked: `webide`, the terminal of GitLab's Web IDE, is rejected.
   * @variable CI_PIPELINE_SOURCE
   * @default GitLab's
   */
  isWebTerminal: boolean;
  /**
   * Only checked: if any variable of Testcontainers is set, the job log says that there is no Docker daemon.
   * @variable TESTCONTAINERS_*
   */
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
