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

/** The task planned for a job. */
export interface JobTaskPlan {
  shape: JobTaskShape;
  /** Whether the image is the fleet's default, because the job names none. */
  isDefaultImage: boolean;
  /** Registry source of the image's entry point; undefined if the job gives its own or does not request the image's. */
  imageEntryPoint: ImageEntryPoint | undefined;
  /** In the order to try. */
  capacity: readonly CapacityProvider[];
  /** Variables of the services, by container. They vary by job. */
  serviceVariables: ReadonlyMap<string, readonly ServiceVariable[]>;
  /** What each service starts, or how to find out, by container. */
  servicePrograms: ReadonlyMap<string, ServiceProgram>;
  /** Host names by which the job reaches its services. */
  serviceHostnames: readonly string[];
  /** Credentials for images that are not public, by image. */
  registryLogins: ReadonlyMap<string, RegistryAccess>;
  /** The services to wait for and whose end is reported. */
  services: readonly PlannedService[];
  /** Lines for the job log. */
  notes: readonly string[];
}

/** Lines for the job log: why the job cannot run on this fleet, and alternatives. */
export interface PlanRefusal {
  kind: 'refused';
  lines: readonly string[];
}

/**
 * Plans the task of a job, or refuses it with an explanation if the fleet does not allow it or Fargate cannot run it. The
 * first refusal ends the planning. Lengths are checked before anything else.
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

/** @throws {JobRefusedError} at the first reason why the job cannot run */
function planAllowed(request: JobRequest, overrides: JobOverrides, fleet: FleetConfig): JobTaskPlan {
  const { job } = fleet;
  const diagnostics: PlanDiagnostics = { notes: [...overrides.dockerAuth.notes] };
  const { name, isDefault } = planOwnImage(request, job.defaultImage);
  const services = planServices(request, overrides, diagnostics);
  refuseKindOfJob(overrides, name, services.hostnames);
  const { timeoutSeconds } = request;
  const { maxLifetimeSeconds } = job;
  const serviceImages = services.shapes.map(({ image }) => image);
  diagnostics.notes.push(
    ...advise({ overrides, image: name, services: serviceImages, timeoutSeconds, maxLifetimeSeconds }),
  );
  const pulled = (image: string) => planMirror(image, job.registryMirrors, diagnostics);
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
      size: planSize(job, overrides, diagnostics),
      architecture: planArchitecture(job, overrides, request),
      ephemeralStorageGib: planStorage(job, overrides, diagnostics),
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
    notes: diagnostics.notes,
  };
}

/**
 * If all variables of an image are unset, GitLab sends no image, so that case equals a job without one. The runner's
 * `CI_JOB_IMAGE` is not used, because a job may set it to anything.
 */
function planOwnImage(
  { image, variables }: JobRequest,
  defaultImage: string,
): { name: string; isDefault: boolean } {
  const written = image?.name ?? '';
  const isDefault = expandVariables(written, variables) === '';
  return { name: planImage('image', isDefault ? defaultImage : written, variables), isDefault };
}
