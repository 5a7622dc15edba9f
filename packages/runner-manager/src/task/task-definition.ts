import { createHash } from 'node:crypto';
import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import {
  type Architecture,
  BUILD_CONTAINER,
  type CapacityProvider,
  HELPER_CONTAINER,
  jobFamilyPrefix,
} from '@serverless-gitlab-runner/fleet';
import { LOG_STREAM_PREFIX } from './container-log.ts';
import { startThrough } from './entry-point.ts';
import { serviceVolumes, startOfService } from './service-container.ts';
import type { JobTaskShape } from './task-shape.ts';

/** The manager's settings for task definitions, the same for all of its jobs. */
export interface TaskDefinitionSettings {
  /** Name of the fleet. Its managers may register and run only families of this fleet. */
  fleet: string;
  /** By architecture of the job task. */
  helperImages: Readonly<Record<Architecture, string>>;
  executionRoleArn: string;
  /** CloudWatch log group of the helper's output before the job starts. The job's output does not go there. */
  logGroup: string | undefined;
  /** Whether the services' output goes there, too. */
  shipsServiceOutput: boolean;
  region: string;
}

/** Input of RegisterTaskDefinition, with the family. */
export type JobTaskDefinition = RegisterTaskDefinitionCommandInput & { family: string };

/** Folder of the agent in the helper's image. The build container gets it through a volume. */
export const AGENT_FOLDER = '/.job-agent';
const AGENT = [`${AGENT_FOLDER}/bash`, '-p', `${AGENT_FOLDER}/agent`];
/** Folder of git checkouts, writable for any user of the job's image. */
export const BUILDS_FOLDER = '/builds';

/** Fargate's default. It accepts only explicit values of 21 and more. */
const INCLUDED_STORAGE_GIB = 20;
/** Seconds from TERM to KILL of each container when a task stops. */
interface StopTimeout {
  build: number;
  service: number;
  helper: number;
}
/** Short: everything that must finish has finished before a task is stopped. */
const STOP_TIMEOUT: StopTimeout = { build: 2, service: 2, helper: 2 };
/**
 * Used if a task may run on Spot. AWS gives two minutes in total, and stops the containers one after the other, in the reverse
 * order of `dependsOn`: the build container, the services, the helper, which may still be uploading then. An ordinary stop is as
 * quick as without Spot, because the manager announces it (`announce-end.ts`).
 */
export const SPOT_STOP_TIMEOUT: StopTimeout = { build: 100, service: 2, helper: 12 };

const BUILDS_MOUNT = { sourceVolume: 'builds', containerPath: BUILDS_FOLDER, readOnly: false };
const MOUNT_POINTS = [{ sourceVolume: 'agent', containerPath: AGENT_FOLDER, readOnly: false }, BUILDS_MOUNT];

const afterStartOf = (containerName: string) => ({ containerName, condition: 'START' as const });
/** Fargate fills the volumes before the helper starts, because the helper's image declares them with VOLUME. */
const AFTER_HELPER = afterStartOf(HELPER_CONTAINER);

/**
 * The task definition of a shape. Its family ends with a digest of its content, so that equal shapes share one definition and a
 * changed version of this code creates a new one.
 * @param secrets names or ARNs of the secrets that images are pulled with, by image
 * @param capacity the providers that a task of this definition may run on
 */
export function jobTaskDefinition(
  shape: JobTaskShape,
  settings: TaskDefinitionSettings,
  secrets: ReadonlyMap<string, string> = new Map(),
  capacity: readonly CapacityProvider[] = [],
): JobTaskDefinition {
  const content = {
    networkMode: 'awsvpc' as const,
    requiresCompatibilities: ['FARGATE' as const],
    cpu: String(shape.size.cpu),
    memory: String(shape.size.memory),
    runtimePlatform: { cpuArchitecture: shape.architecture, operatingSystemFamily: 'LINUX' as const },
    executionRoleArn: settings.executionRoleArn,
    ...(shape.taskRoleArn ? { taskRoleArn: shape.taskRoleArn } : {}),
    ...(shape.ephemeralStorageGib > INCLUDED_STORAGE_GIB
      ? { ephemeralStorage: { sizeInGiB: shape.ephemeralStorageGib } }
      : {}),
    volumes: [{ name: 'agent' }, { name: 'builds' }, ...serviceVolumes(shape.services).volumes],
    containerDefinitions: containerDefinitions(shape, settings, secrets, stopTimeoutOn(capacity)),
  };
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
  return { family: `${jobFamilyPrefix(settings.fleet)}${digest}`, ...content };
}

function stopTimeoutOn(capacity: readonly CapacityProvider[]): StopTimeout {
  return capacity.includes('FARGATE_SPOT') ? SPOT_STOP_TIMEOUT : STOP_TIMEOUT;
}

function containerDefinitions(
  shape: JobTaskShape,
  settings: TaskDefinitionSettings,
  secrets: ReadonlyMap<string, string>,
  stopTimeout: StopTimeout,
): ContainerDefinition[] {
  const credentials = (image: string) => {
    const credentialsParameter = secrets.get(image);
    return credentialsParameter ? { repositoryCredentials: { credentialsParameter } } : {};
  };
  const helper: ContainerDefinition = {
    stopTimeout: stopTimeout.helper,
    ...logConfiguration(settings),
    name: HELPER_CONTAINER,
    image: settings.helperImages[shape.architecture],
    essential: true,
    mountPoints: [...MOUNT_POINTS, ...serviceVolumes(shape.services).ofHelper],
  };
  // No log driver: a job could fill a log group without limit. The agent carries its output.
  const build: ContainerDefinition = {
    stopTimeout: stopTimeout.build,
    name: BUILD_CONTAINER,
    image: shape.image,
    ...credentials(shape.image),
    // The job cannot continue without this container, so its end (for example out of memory) ends the task.
    essential: true,
    ...startThrough(shape.entryPoint, AGENT),
    // ECS stops it before its services.
    dependsOn: [AFTER_HELPER, ...shape.services.map(({ container }) => afterStartOf(container))],
    mountPoints: MOUNT_POINTS,
    ...(shape.user ? { user: shape.user } : {}),
  };
  const services = shape.services.map((service): ContainerDefinition => {
    const { mountPoints, ...start } = startOfService(service, shipsServices(settings));
    return {
      stopTimeout: stopTimeout.service,
      // Only on request: anyone who may push could cause unlimited CloudWatch costs. The helper keeps the last lines.
      ...(shipsServices(settings) ? logConfiguration(settings) : {}),
      name: service.container,
      image: service.image,
      ...(service.user ? { user: service.user } : {}),
      ...start,
      ...credentials(service.image),
      // A job may continue without a service, and a service may end before its job.
      essential: false,
      // The project is mounted in services too, as in GitLab's Docker executor.
      dependsOn: [AFTER_HELPER],
      mountPoints: [...mountPoints, BUILDS_MOUNT],
    };
  });
  return [helper, build, ...services];
}

/** Whether services' output goes to CloudWatch: if the fleet requests it and a log group is configured. */
export function shipsServices({ shipsServiceOutput, logGroup }: TaskDefinitionSettings): boolean {
  return shipsServiceOutput && logGroup !== undefined;
}

function logConfiguration({ logGroup, region }: TaskDefinitionSettings) {
  if (!logGroup) return {};
  return {
    logConfiguration: {
      logDriver: 'awslogs' as const,
      options: {
        'awslogs-group': logGroup,
        'awslogs-region': region,
        'awslogs-stream-prefix': LOG_STREAM_PREFIX,
      },
    },
  };
}
