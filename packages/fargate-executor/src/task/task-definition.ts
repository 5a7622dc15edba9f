import { createHash } from 'node:crypto';
import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import {
  type Architecture,
  BUILD_CONTAINER,
  HELPER_CONTAINER,
  JOB_FAMILY_PREFIX,
} from '@serverless-gitlab-runner/fleet';
import { startThrough } from '../job/entry-point.ts';
import type { JobTaskShape } from '../job/plan-job-task.ts';
import { LOG_STREAM_PREFIX } from './container-log.ts';
import { serviceVolumes, startOfService } from './service-container.ts';

/** What the manager adds to a shape: the same for all of its jobs. */
export interface TaskDefinitionSettings {
  /** By the architecture of the job task. */
  helperImages: Readonly<Record<Architecture, string>>;
  executionRoleArn: string;
  /** CloudWatch log group of the containers' own output; the job's output does not go there. */
  logGroup: string | undefined;
  /** Whether services' output goes there, too. */
  shipsServiceOutput: boolean;
  region: string;
}

/** The input of RegisterTaskDefinition, with its family's name. */
export type JobTaskDefinition = RegisterTaskDefinitionCommandInput & { family: string };

/** Where the helper's image has the agent; its volume brings it to the build container. */
export const AGENT_FOLDER = '/.job-agent';
const AGENT = [`${AGENT_FOLDER}/busybox`, 'sh', `${AGENT_FOLDER}/agent`];
/** Where git checks out; writable for whoever the job's image runs as. */
export const BUILDS_FOLDER = '/builds';

/** Fargate gives this much without being asked, and takes nothing below 21 when asked. */
const INCLUDED_STORAGE_GIB = 20;
/** Seconds from TERM to KILL when a task stops. What had to be finished is finished by then. */
const STOP_TIMEOUT_SECONDS = 2;

const BUILDS_MOUNT = { sourceVolume: 'builds', containerPath: BUILDS_FOLDER, readOnly: false };
const MOUNT_POINTS = [{ sourceVolume: 'agent', containerPath: AGENT_FOLDER, readOnly: false }, BUILDS_MOUNT];

/** The volumes are filled before the helper starts, since the helper's image names them in VOLUME. */
const AFTER_HELPER = [{ containerName: HELPER_CONTAINER, condition: 'START' as const }];

/**
 * The task definition of a shape. Its family's name ends in a digest of all that is in it, so that equal shapes share
 * one and a change of ours makes a new one.
 * @param secrets names or ARNs of the secrets that images are pulled with, by image
 */
export function jobTaskDefinition(
  shape: JobTaskShape,
  settings: TaskDefinitionSettings,
  secrets: ReadonlyMap<string, string> = new Map(),
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
    containerDefinitions: containerDefinitions(shape, settings, secrets),
  };
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
  return { family: `${JOB_FAMILY_PREFIX}${digest}`, ...content };
}

function containerDefinitions(
  shape: JobTaskShape,
  settings: TaskDefinitionSettings,
  secrets: ReadonlyMap<string, string>,
): ContainerDefinition[] {
  const credentials = (image: string) => {
    const credentialsParameter = secrets.get(image);
    return credentialsParameter ? { repositoryCredentials: { credentialsParameter } } : {};
  };
  const common = { stopTimeout: STOP_TIMEOUT_SECONDS, ...logConfiguration(settings) };
  const helper: ContainerDefinition = {
    ...common,
    name: HELPER_CONTAINER,
    image: settings.helperImages[shape.architecture],
    essential: true,
    mountPoints: [...MOUNT_POINTS, ...serviceVolumes(shape.services).ofHelper],
  };
  const build: ContainerDefinition = {
    ...common,
    name: BUILD_CONTAINER,
    image: shape.image,
    ...credentials(shape.image),
    // Without it the job cannot go on, so its end (out of memory, for example) ends the task.
    essential: true,
    ...startThrough(shape.entryPoint, AGENT),
    dependsOn: AFTER_HELPER,
    mountPoints: MOUNT_POINTS,
    ...(shape.user ? { user: shape.user } : {}),
  };
  const services = shape.services.map((service): ContainerDefinition => {
    const { mountPoints, ...start } = startOfService(service, shipsServices(settings));
    return {
      stopTimeout: STOP_TIMEOUT_SECONDS,
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
      dependsOn: AFTER_HELPER,
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
