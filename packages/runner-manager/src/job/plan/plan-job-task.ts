import type { CapacityProvider, FleetConfig } from '@serverless-gitlab-runner/fleet';
import { JobRefusedError } from '../../errors.ts';
import { planEntryPoint } from '../../task/entry-point.ts';
import type { JobTaskShape } from '../../task/task-shape.ts';
import type { PlanDiagnostics } from '../plan-diagnostics.ts';
import { expandVariables } from '../request/expand-variables.ts';
import { type JobOverrides, parseJobOverrides } from '../request/job-overrides.ts';
import type { JobRequest } from '../request/job-request.ts';
import { refuseCacheKey } from '../request/refuse-cache-key.ts';
import { refuseLongTexts } from '../request/refuse-long-texts.ts';
import { refuseKindOfJob } from '../request/refuse-unsupported.ts';
import { refuseVariableNames } from '../request/refuse-variable-names.ts';
import { advise } from './advise.ts';
import { planImage } from './plan-image.ts';
import { type ImageEntryPoint, planImageEntryPoint } from './plan-image-entry-point.ts';
import { planMirror } from './plan-mirrors.ts';
import { planRegistryLogins, type RegistryAccess } from './plan-registry-logins.ts';
import { planServicePrograms, type ServiceProgram } from './plan-service-programs.ts';
import { planServices } from './plan-services.ts';
import { planArchitecture, planCapacity, planSize, planStorage } from './plan-size.ts';
import { planUser } from './plan-user.ts';
import type { PlannedService } from './service-ports.ts';
import type { ServiceVariable } from './service-variables.ts';

/** How a job becomes a task. */
export interface JobTaskPlan {
  shape: JobTaskShape;
  /** Whether the image is the fleet's, since the job names none. */
  isDefaultImage: boolean;
  /** Whence the image's own entry point is to be read; undefined where the job or nobody gives one. */
  imageEntryPoint: ImageEntryPoint | undefined;
  /** Tried in this order. */
  capacity: readonly CapacityProvider[];
  /** Variables of the services, by container: they vary by job. */
  serviceVariables: ReadonlyMap<string, readonly ServiceVariable[]>;
  /** What each service starts, by container, or how one may know. */
  servicePrograms: ReadonlyMap<string, ServiceProgram>;
  /** Names under which the job looks for its services. */
  serviceHostnames: readonly string[];
  /** With what images are pulled that are not open to all, by image. */
  registryLogins: ReadonlyMap<string, RegistryAccess>;
  /** The services to wait for, and to tell of when they die. */
  services: readonly PlannedService[];
  /** Lines for the job log. */
  notes: readonly string[];
}

/** Lines for the job log: why the job cannot run on this fleet, and what to do instead. */
export interface PlanRefusal {
  kind: 'refused';
  lines: readonly string[];
}

/**
 * Plans the task of a job, or refuses in words what the fleet does not allow and what Fargate would refuse. The first
 * refusal ends the planning; lengths are checked before all else.
 */
export function planJobTask(
  request: JobRequest,
  fleet: FleetConfig,
): { kind: 'planned'; plan: JobTaskPlan } | PlanRefusal {
  try {
    refuseLongTexts(request);
    refuseVariableNames(request);
    refuseCacheKey(request.variables);
    return { kind: 'planned', plan: planAllowed(request, parseJobOverrides(request), fleet) };
  } catch (error) {
    if (error instanceof JobRefusedError) return { kind: 'refused', lines: error.lines };
    throw error;
  }
}

/** @throws {JobRefusedError} at the first thing for which the job cannot run */
function planAllowed(request: JobRequest, overrides: JobOverrides, fleet: FleetConfig): JobTaskPlan {
  const { job } = fleet;
  const findings: PlanDiagnostics = { notes: [...overrides.dockerAuth.notes] };
  const { name, isDefault } = planOwnImage(request, job.defaultImage);
  const services = planServices(request, overrides, findings);
  refuseKindOfJob(overrides, name, services.hostnames);
  const { timeoutSeconds } = request;
  const { maxLifetimeSeconds } = job;
  const serviceImages = services.shapes.map(({ image }) => image);
  findings.notes.push(
    ...advise({ overrides, image: name, services: serviceImages, timeoutSeconds, maxLifetimeSeconds }),
  );
  const pulled = (image: string) => planMirror(image, job.registryMirrors, findings);
  const shapes = services.shapes.map((service) => ({ ...service, image: pulled(service.image) }));
  const image = pulled(name);
  const images = [image, ...shapes.map((service) => service.image)];
  const registryLogins = planRegistryLogins(request, overrides.dockerAuth, job.registryCredentials, images);
  return {
    shape: {
      image,
      user: planUser(request.image, request.variables),
      entryPoint: planEntryPoint(request.image?.entrypoint),
      services: shapes,
      size: planSize(job, overrides, findings),
      architecture: planArchitecture(job, overrides, request),
      ephemeralStorageGib: planStorage(job, overrides, findings),
      taskRoleArn: job.taskRoleArn,
    },
    isDefaultImage: isDefault,
    imageEntryPoint: planImageEntryPoint(request, overrides, fleet, image, registryLogins.get(image)),
    capacity: planCapacity(job, overrides),
    serviceVariables: services.variables,
    servicePrograms: planServicePrograms(request, fleet, shapes, registryLogins),
    serviceHostnames: services.hostnames,
    services: services.planned,
    registryLogins,
    notes: findings.notes,
  };
}

/**
 * GitLab sends nothing of an image whose variables are all unset, so nobody can tell it from none. What the runner says
 * in `CI_JOB_IMAGE` is not asked: a job may set that variable to anything.
 */
function planOwnImage(
  { image, variables }: JobRequest,
  defaultImage: string,
): { name: string; isDefault: boolean } {
  const written = image?.name ?? '';
  const isDefault = expandVariables(written, variables) === '';
  return { name: planImage('image', isDefault ? defaultImage : written, variables), isDefault };
}
