import { expandVariables } from './expand-variables.ts';
import type { Findings } from './findings.ts';
import { type JobRequest, type ServiceRequest, userOf } from './job-request.ts';
import { planImage } from './plan-image.ts';
import { encodeEnvironment, LARGEST_ENVIRONMENT_BYTES, LARGEST_VARIABLE_BYTES } from './send-environment.ts';
import { type PlannedService, portForAll, portOf, refuseSharedPorts } from './service-ports.ts';
import { type ServiceVariable, serviceVariables } from './service-variables.ts';

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

/** A job's services: their shape, their variables by container, and the names the job finds them by. */
export interface ServicesPlan {
  shapes: ServiceShape[];
  variables: ReadonlyMap<string, readonly ServiceVariable[]>;
  hostnames: string[];
  planned: PlannedService[];
}

/** ECS allows 10 containers a task; helper and build are two of them. */
const MOST_SERVICES = 8;

/** Plans the job's `services:`. */
export function planServices(request: JobRequest, findings: Findings): ServicesPlan {
  const { services } = request;
  if (services.length > MOST_SERVICES) {
    findings.refusals.push(
      `The job has ${services.length} services: a Fargate task has room for ${MOST_SERVICES} beside the job. Start some of them in the script, or split the job.`,
    );
  }
  const variables = new Map<string, readonly ServiceVariable[]>();
  const shapes = services.map((service, index) => {
    const container = `svc-${index}`;
    const own = serviceVariables(request, service);
    variables.set(container, own);
    refuseLargeEnvironment(service, own, findings);
    return shapeOf(container, service, request, findings);
  });
  const aliases = services.map((service) => aliasesOf(service, request.variables));
  const jobPort = portForAll(services, request.variables);
  const planned = services.map((service, index): PlannedService => {
    const { container = '', image = '' } = shapes[index] ?? {};
    const [alias] = aliases[index] ?? [];
    const port = portOf(service, image, jobPort, findings);
    return { container, title: alias ? `${image} (${alias})` : image, port };
  });
  refuseSharedPorts(planned, findings);
  return { shapes, variables, hostnames: hostnamesOf(shapes, aliases), planned };
}

/** Linux would not start the service, and say so in words that nobody understands. */
function refuseLargeEnvironment(
  { name }: ServiceRequest,
  variables: readonly ServiceVariable[],
  findings: Findings,
): void {
  const large = variables.find((each) => encodeEnvironment([each]).length > LARGEST_VARIABLE_BYTES);
  const bytes = Buffer.byteLength(encodeEnvironment(variables));
  if (large) {
    findings.refusals.push(
      `The variable ${large.name} of the service ${name} is longer than Linux takes (${LARGEST_VARIABLE_BYTES} bytes): make it a file.`,
    );
  } else if (bytes > LARGEST_ENVIRONMENT_BYTES) {
    findings.refusals.push(
      `The variables of the service ${name} come to ${bytes} bytes, of at most ${LARGEST_ENVIRONMENT_BYTES}: make large ones files.`,
    );
  }
}

/** A service's aliases: several are parted by spaces or commas. */
function aliasesOf({ alias }: ServiceRequest, variables: JobRequest['variables']): string[] {
  return expandVariables(alias ?? '', variables)
    .split(/[\s,]+/)
    .filter((name) => name);
}

function shapeOf(
  container: string,
  service: ServiceRequest,
  request: JobRequest,
  findings: Findings,
): ServiceShape {
  const user = userOf(service);
  return {
    container,
    image: planImage('service', service.name, request.variables, findings),
    ...(service.entrypoint?.length ? { entryPoint: service.entrypoint } : {}),
    ...(service.command?.length ? { command: service.command } : {}),
    ...(user ? { user } : {}),
  };
}

/**
 * The names GitLab gives a service: its aliases, and its image's name without tag and port, with `/` once as `__` and
 * once as `-`. @see https://docs.gitlab.com/ci/services/#accessing-the-services
 */
function hostnamesOf(shapes: readonly ServiceShape[], aliases: readonly string[][]): string[] {
  const names = shapes.flatMap(({ image }, index) => {
    const bare = image
      .replace(/@.*$/, '')
      .replace(/:[^/:]*$/, '')
      .replace(/:[0-9]+\//, '/');
    return [bare.replaceAll('/', '__'), bare.replaceAll('/', '-'), ...(aliases[index] ?? [])];
  });
  return [...new Set(names)].filter((name) => /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name));
}
