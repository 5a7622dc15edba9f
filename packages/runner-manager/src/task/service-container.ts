import type { ContainerDefinition, MountPoint, Volume } from '@aws-sdk/client-ecs';
import type { ServiceShape } from './task-shape.ts';

/** Where the helper's image has what starts services; a volume of their own brings it, without the job's scripts. */
const SERVICE_AGENT_FOLDER = '/.job-service';
/** Without the image's startup files (`-p`). */
const SERVICE_AGENT = [`${SERVICE_AGENT_FOLDER}/bash`, '-p', `${SERVICE_AGENT_FOLDER}/run-service`];
/** Where the helper and a service meet: a volume that no other container mounts. */
const CHANNEL_FOLDER = '/.job-channel';
const CHANNELS_FOLDER = '/.job-channels';
const AGENT_VOLUME = 'service-agent';

/** Volumes of the services that start through their agent, and where the helper mounts them. */
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
 * How a service's container starts, and what it mounts besides the project. FIFOs can be written on a read-only mount.
 * @param isShipped whether its log driver takes its output, so that the agent leaves it alone
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
