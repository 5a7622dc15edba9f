import type { ContainerDefinition, MountPoint, Volume } from '@aws-sdk/client-ecs';
import type { ServiceShape } from './task-shape.ts';

/** Folder of the service agent in the helper's image. Services get it through a separate volume, without the job's scripts. */
const SERVICE_AGENT_FOLDER = '/.job-service';
/** `-p` ignores the image's startup files. */
const SERVICE_AGENT = [`${SERVICE_AGENT_FOLDER}/bash`, '-p', `${SERVICE_AGENT_FOLDER}/run-service`];
/** Folder shared by the helper and one service: a volume that no other container mounts. */
const CHANNEL_FOLDER = '/.job-channel';
const CHANNELS_FOLDER = '/.job-channels';
const AGENT_VOLUME = 'service-agent';

/** Volumes of the services that start through the service agent, and where the helper mounts them. */
export function serviceVolumes(services: readonly ServiceShape[]): {
  volumes: Volume[];
  ofHelper: MountPoint[];
} {
  const started = services.filter(({ program }) => program !== undefined);
  if (started.length === 0) return { volumes: [], ofHelper: [] };
  return {
    volumes: [{ name: AGENT_VOLUME }, ...started.map(({ container }) => ({ name: container }))],
    ofHelper: [
      { sourceVolume: AGENT_VOLUME, containerPath: SERVICE_AGENT_FOLDER, readOnly: false },
      ...started.map(({ container }) => ({
        sourceVolume: container,
        containerPath: `${CHANNELS_FOLDER}/${container}`,
        readOnly: false,
      })),
    ],
  };
}

/**
 * How a service container starts, and what it mounts besides the project. FIFOs on a read-only mount can still be written.
 * @param isShipped whether its log driver gets its output, so that the agent must not redirect it
 */
export function startOfService(
  { container, entryPoint, command, program }: ServiceShape,
  isShipped: boolean,
): Pick<ContainerDefinition, 'entryPoint' | 'command'> & { mountPoints: MountPoint[] } {
  if (program === undefined) {
    return {
      ...(entryPoint ? { entryPoint } : {}),
      ...(command ? { command } : {}),
      mountPoints: [],
    };
  }
  return {
    entryPoint: [...SERVICE_AGENT, isShipped ? 'shipped' : 'kept', ...program],
    command: [],
    mountPoints: [
      { sourceVolume: AGENT_VOLUME, containerPath: SERVICE_AGENT_FOLDER, readOnly: true },
      { sourceVolume: container, containerPath: CHANNEL_FOLDER, readOnly: true },
    ],
  };
}
