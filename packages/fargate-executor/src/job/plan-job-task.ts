import type {
  Architecture,
  CapacityProvider,
  FargateSize,
  FleetConfig,
} from '@serverless-gitlab-runner/fleet';
import type { JobRequest } from './job-request.ts';
import { refuseImage } from './plan-image.ts';
import { planServices, type ServiceShape } from './plan-services.ts';
import { type Findings, planArchitecture, planCapacity, planSize, planStorage } from './plan-size.ts';

/** What makes one task definition differ from another. Nothing in it belongs to one job. */
export interface JobTaskShape {
  image: string;
  /** User that the build container runs as; undefined: the image's own. */
  user: string | undefined;
  services: readonly ServiceShape[];
  size: FargateSize;
  architecture: Architecture;
  ephemeralStorageGib: number;
  taskRoleArn: string | undefined;
}

/** How a job becomes a task. */
export interface JobTaskPlan {
  shape: JobTaskShape;
  /** Tried in this order. */
  capacity: readonly CapacityProvider[];
  /** Environment of the service containers, by container: it varies by job. */
  serviceEnvironment: ReadonlyMap<string, { name: string; value: string }[]>;
  /** Names under which the job looks for its services. */
  serviceHostnames: readonly string[];
  /** Lines for the job log. */
  notes: readonly string[];
}

/** Lines for the job log: why the job cannot run on this fleet, and what to do instead. */
export interface PlanRefusal {
  kind: 'refused';
  lines: readonly string[];
}

/** Plans the task of a job, or refuses in words what the fleet does not allow and what Fargate would refuse. */
export function planJobTask(
  request: JobRequest,
  fleet: FleetConfig,
): { kind: 'planned'; plan: JobTaskPlan } | PlanRefusal {
  const findings: Findings = { notes: [], refusals: [] };
  const image = request.imageName || fleet.job.defaultImage;
  const refusal = refuseImage('image', image);
  if (refusal) findings.refusals.push(refusal);
  const services = planServices(request, findings);
  const plan: JobTaskPlan = {
    shape: {
      image,
      user: request.image?.executor_opts?.docker?.user || undefined,
      services: services.shapes,
      size: planSize(fleet.job, request.variables, findings),
      architecture: planArchitecture(fleet.job, request, findings),
      ephemeralStorageGib: planStorage(fleet.job, request.variables, findings),
      taskRoleArn: fleet.job.taskRoleArn,
    },
    capacity: planCapacity(fleet.job, request.variables, findings),
    serviceEnvironment: services.environment,
    serviceHostnames: services.hostnames,
    notes: findings.notes,
  };
  return findings.refusals.length > 0
    ? { kind: 'refused', lines: findings.refusals }
    : { kind: 'planned', plan };
}
