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

/** What the manager adds to a shape: the same for all of its jobs. */
export interface TaskDefinitionSettings {
  /** Name of the fleet: its managers may register and run families of its own only. */
  fleet: string;
  /** By the architecture of the job task. */
  helperImages: Readonly<Record<Architecture, string>>;
  executionRoleArn: string;
  /** CloudWatch log group of what the helper says before the job begins; the job's output does not go there. */
  logGroup: string | undefined;
  /** Whether services' output goes there, too. */
  shipsServiceOutput: boolean;
  region: string;
}

/** The input of RegisterTaskDefinition, with its family's name. */
export type JobTaskDefinition = RegisterTaskDefinitionCommandInput & { family: string };

/** Where the helper's image has the agent; its volume brings it to the build container. */
export const AGENT_FOLDER = '/.job-agent';
const AGENT = [`${AGENT_FOLDER}/bash`, '-p', `${AGENT_FOLDER}/agent`];
/** Where git checks out; writable for whoever the job's image runs as. */
export const BUILDS_FOLDER = '/builds';

/** Fargate gives this much without being asked, and takes nothing below 21 when asked. */
const INCLUDED_STORAGE_GIB = 20;
/** Seconds from TERM to KILL of each container when a task stops. */
interface StopTimeout {
  build: number;
  service: number;
  helper: number;
}
/** What had to be finished is finished by then. */
const STOP_TIMEOUT: StopTimeout = { build: 2, service: 2, helper: 2 };
/**
 * Where a task may be on Spot. AWS gives two minutes for all of it, and stops the containers one after the other, in the
 * reverse order of `dependsOn`: the job's, its services, the helper, which may then still be uploading. An ordinary stop
 * is as quick as without Spot, since the manager announces it (`announce-end.ts`).
 */
export const SPOT_STOP_TIMEOUT: StopTimeout = { build: 100, service: 2, helper: 12 };

const BUILDS_MOUNT = { sourceVolume: 'builds', containerPath: BUILDS_FOLDER, readOnly: false };
const MOUNT_POINTS = [{ sourceVolume: 'agent', containerPath: AGENT_FOLDER, readOnly: false }, BUILDS_MOUNT];

const afterStartOf = (containerName: string) => ({ containerName, condition: 'START' as const });
/** The volumes are filled before the helper starts, since the helper's image names them in VOLUME. */
const AFTER_HELPER = afterStartOf(HELPER_CONTAINER);

/**
 * The task definition of a shape. Its family's name ends in a digest of all that is in it, so that equal shapes share
 * one and a change of ours makes a new one.
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
  // What it writes past the agent goes nowhere: a job could fill a log group without limit.
  const build: ContainerDefinition = {
    stopTimeout: stopTimeout.build,
    name: BUILD_CONTAINER,
    image: shape.image,
    ...credentials(shape.image),
    // Without it the job cannot go on, so its end (out of memory, for example) ends the task.
    essential: true,
    ...startThrough(shape.entryPoint, AGENT),
    // So it ends before its services do.
    dependsOn: [AFTER_HELPER, ...shape.services.map(({ container }) => afterStartOf(container))],
    mountPoints: MOUNT_POINTS,
    ...(shape.user ? { user: shape.user } : {}),
  };
  const services = shape.services.map((service): ContainerDefinition => {
    const { mountPoints, ...start } = startOfService(service, shipsServices(settings));
    return {
      stopTimeout: stopTimeout.service,
      // Whoever may push could make CloudWatch cost without end: what a service says last is asked of the helper.
      ...(shipsServices(settings) ? logConfiguration(settings) : {}),
      name: service.container,
      image: service.image,
      ...(service.user ? { user: service.user } : {}),
      ...start,
      ...credentials(service.image),
      // A job may live on without a service, and a service may end before its job.
      essential: false,
      // The project is there for services too, as with GitLab's Docker executor.
      dependsOn: [AFTER_HELPER],
      mountPoints: [...mountPoints, BUILDS_MOUNT],
    };
  });
  return [helper, build, ...services];
}

/** Whether services' output goes to CloudWatch: where it is asked for, and there is a log group. */
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
