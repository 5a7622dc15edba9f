import type { Architecture, FargateSize } from '@serverless-gitlab-runner/fleet';

/** What distinguishes task definitions. Contains nothing that is specific to one job. */
export interface JobTaskShape {
  image: string;
  /** User that the build container runs as; undefined for the image's own. */
  user: string | undefined;
  /** Entry point through which the agent is started; undefined if it is started directly. */
  entryPoint: readonly string[] | undefined;
  services: readonly ServiceShape[];
  size: FargateSize;
  architecture: Architecture;
  ephemeralStorageGib: number;
  taskRoleArn: string | undefined;
}

/** A service container in a task's shape. */
export interface ServiceShape {
  /** Name of the container. */
  container: string;
  image: string;
  /** The job's overrides of the image's own entry point and command. */
  entryPoint?: string[];
  command?: string[];
  /** What the service agent starts (`images/job-base/service`); undefined if unknown, so that ECS starts the image directly. */
  program?: readonly string[];
  /** User that it runs as. Default: the image's own. */
  user?: string;
}

/** Images of a task's containers, besides the helper's. */
export function imagesOf({ image, services }: JobTaskShape): string[] {
  return [...new Set([image, ...services.map((service) => service.image)])];
}
