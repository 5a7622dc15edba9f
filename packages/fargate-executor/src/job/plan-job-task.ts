import type {
  Architecture,
  CapacityProvider,
  FargateSize,
  FleetConfig,
} from '@serverless-gitlab-runner/fleet';
import { planEntryPoint } from './entry-point.ts';
import { expandVariables } from './expand-variables.ts';
import type { Findings } from './findings.ts';
import { type JobRequest, userOf } from './job-request.ts';
import { planImage } from './plan-image.ts';
import { type ImageEntryPoint, planImageEntryPoint } from './plan-image-entry-point.ts';
import { planMirror } from './plan-mirrors.ts';
import { planRegistryLogins, type RegistryAccess } from './plan-registry-logins.ts';
import { planServicePrograms, type ServiceProgram } from './plan-service-programs.ts';
import { planServices, type ServiceShape } from './plan-services.ts';
import { planArchitecture, planCapacity, planSize, planStorage } from './plan-size.ts';
import { noteOnDockerClient, refuseKindOfJob } from './refuse-unsupported.ts';
import type { PlannedService } from './service-ports.ts';
import type { ServiceVariable } from './service-variables.ts';

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

/** Plans the task of a job, or refuses in words what the fleet does not allow and what Fargate would refuse. */
export function planJobTask(
  request: JobRequest,
  fleet: FleetConfig,
): { kind: 'planned'; plan: JobTaskPlan } | PlanRefusal {
  const findings: Findings = { notes: [], refusals: [] };
  const own = ownImage(request);
  const image = planImage('image', own || fleet.job.defaultImage, request.variables, findings);
  const isImage = findings.refusals.length === 0;
  const services = planServices(request, findings);
  const impossible = isImage ? refuseKindOfJob(request, image, services.hostnames) : undefined;
  if (impossible) findings.refusals.push(impossible);
  const note = noteOnDockerClient(image);
  if (note && !request.variables.get('DOCKER_HOST')) findings.notes.push(note);
  const pulled = (name: string) => planMirror(name, fleet.job.registryMirrors, findings);
  const shapes = services.shapes.map((service) => ({ ...service, image: pulled(service.image) }));
  const jobImage = pulled(image);
  const registryLogins = planRegistryLogins(
    request,
    fleet.job.registryCredentials,
    [jobImage, ...shapes.map((service) => service.image)],
    findings,
  );
  const plan: JobTaskPlan = {
    shape: {
      image: jobImage,
      user: userOf(request.image),
      entryPoint: planEntryPoint(request.image?.entrypoint),
      services: shapes,
      size: planSize(fleet.job, request.variables, findings),
      architecture: planArchitecture(fleet.job, request, findings),
      ephemeralStorageGib: planStorage(fleet.job, request.variables, findings),
      taskRoleArn: fleet.job.taskRoleArn,
    },
    isDefaultImage: own === '',
    imageEntryPoint: isImage
      ? planImageEntryPoint(request, fleet, jobImage, registryLogins.get(jobImage), findings)
      : undefined,
    capacity: planCapacity(fleet.job, request.variables, findings),
    serviceVariables: services.variables,
    servicePrograms: planServicePrograms(request, fleet, shapes, registryLogins, findings),
    serviceHostnames: services.hostnames,
    services: services.planned,
    registryLogins,
    notes: findings.notes,
  };
  return findings.refusals.length > 0
    ? { kind: 'refused', lines: findings.refusals }
    : { kind: 'planned', plan };
}

/**
 * GitLab sends nothing of an image whose variables are all unset, so nobody can tell it from none. Not `CI_JOB_IMAGE`: a
 * job can set that to another image than the one it runs in.
 */
function ownImage({ image, variables }: JobRequest): string {
  return expandVariables(image?.name ?? '', variables);
}
