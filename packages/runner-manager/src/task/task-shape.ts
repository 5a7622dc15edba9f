import type { Architecture, FargateSize } from '@serverless-gitlab-runner/fleet';

/** What makes one task definition differ from another. Nothing in it belongs to one job. */
export interface JobTaskShape {
  image: string;
  /** User that the build container runs as; undefined: the image's own. */
  user: string | undefined;
  /** Entry point through which the agent is started; undefined: by itself. */
  entryPoint: readonly string[] | undefined;
  services: readonly ServiceShape[];
  size: FargateSize;
  architecture: Architecture;
  ephemeralStorageGib: number;
  taskRoleArn: string | undefined;
}

/** A service container: what belongs to the task's shape. */
export interface ServiceShape {
  /** Name of the container. */
  container: string;
  image: string;
  /** What the job says instead of the image's own. */
  entryPoint?: string[];
  command?: string[];
  /** What the service agent starts (`images/job-base/service`); undefined: nobody knows it, so ECS starts the image. */
  program?: readonly string[];
  /** User that it runs as. Default: the image's own. */
  user?: string;
}
