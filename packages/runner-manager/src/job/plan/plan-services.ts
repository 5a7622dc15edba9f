import { tagOf } from '@serverless-gitlab-runner/fleet';
import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import type { ServiceShape } from '../../task/task-shape.ts';
import type { PlanDiagnostics } from '../plan-diagnostics.ts';
import { expandVariables } from '../request/expand-variables.ts';
import type { JobOverrides } from '../request/job-overrides.ts';
import type { JobRequest, ServiceRequest } from '../request/job-request.ts';
import { MAX_ALIAS_CHARACTERS } from '../request/refuse-long-texts.ts';
import { MAX_ENVIRONMENT_BYTES, MAX_VARIABLE_BYTES } from './environment-limits.ts';
import { planImage } from './plan-image.ts';
import { planUser } from './plan-user.ts';
import { type PlannedService, portForAll, portOf, refuseSharedPorts } from './service-ports.ts';
import { type ServiceVariable, serviceVariables } from './service-variables.ts';

/** A job's services: their shapes, their variables by container, and the host names that the job reaches them by. */
export interface ServicesPlan {
  shapes: ServiceShape[];
  variables: ReadonlyMap<string, readonly ServiceVariable[]>;
  hostnames: string[];
  planned: PlannedService[];
}

const MAX_ALIASES = 32;
const MAX_NAME_CHARACTERS = 255;
/** Host names that a hosts file accepts. */
const HOSTNAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;

/**
 * Plans the job's `services:`, whose lengths `refuseLongTexts` has checked.
 * @throws {JobRefusedError} at the first service that cannot run
 */
export function planServices(
  request: JobRequest,
  overrides: JobOverrides,
  diagnostics: PlanDiagnostics,
): ServicesPlan {
  const { services } = request;
  const shaped = services.map((service, index) => ({
    service,
    shape: shapeOf(`svc-${index}`, service, request),
  }));
  const variables = new Map<string, readonly ServiceVariable[]>();
  for (const { service, shape } of shaped) {
    const own = serviceVariables(request, service, MAX_ENVIRONMENT_BYTES);
    variables.set(shape.container, own);
    refuseLargeEnvironment(service, own);
  }
  const named = shaped.map((each) => ({ ...each, aliases: aliasesOf(each.service, request.variables) }));
  const jobPort = portForAll(services, overrides);
  const planned = named.map(({ service, shape: { container, image }, aliases: [alias] }): PlannedService => {
    const port = portOf(service, image, jobPort, request.variables, diagnostics);
    return { container, title: alias ? `${image} (${alias})` : image, port };
  });
  refuseSharedPorts(planned);
  return { shapes: named.map(({ shape }) => shape), variables, hostnames: hostnamesOf(named), planned };
}

/** Linux would not start the service, and its error would not name the cause. */
function refuseLargeEnvironment({ name }: ServiceRequest, variables: readonly ServiceVariable[]): void {
  const bytesOf = (each: ServiceVariable) => Buffer.byteLength(each.name) + Buffer.byteLength(each.value) + 2;
  const large = variables.find((each) => bytesOf(each) > MAX_VARIABLE_BYTES);
  const bytes = variables.reduce((sum, each) => sum + bytesOf(each), 0);
  if (large) {
    throw new JobRefusedError([
      `The variable ${large.name} of the service ${name} is longer than Linux allows (${MAX_VARIABLE_BYTES} bytes): use a file instead.`,
    ]);
  }
  if (bytes > MAX_ENVIRONMENT_BYTES) {
    throw new JobRefusedError([
      `The variables of the service ${name} have ${bytes} bytes; at most ${MAX_ENVIRONMENT_BYTES} are allowed. Use files for large ones.`,
    ]);
  }
}

/** A service's aliases, which are separated by spaces or commas. */
function aliasesOf({ alias }: ServiceRequest, variables: JobRequest['variables']): string[] {
  const names = expandVariables(alias ?? '', variables, MAX_ALIAS_CHARACTERS)
    .split(/[\s,]/)
    .filter((name) => name);
  if (names.length > MAX_ALIASES) {
    throw new JobRefusedError([
      `The alias ${quoted(names.join(' '))} gives a service ${names.length} names: at most ${MAX_ALIASES} are allowed.`,
    ]);
  }
  for (const name of names) refuseLonger('The alias', name, MAX_NAME_CHARACTERS);
  return names;
}

function shapeOf(container: string, service: ServiceRequest, { variables }: JobRequest): ServiceShape {
  const user = planUser(service, variables);
  return {
    container,
    image: planImage('service', service.name, variables),
    ...(service.entrypoint?.length ? { entryPoint: service.entrypoint } : {}),
    ...(service.command?.length ? { command: service.command } : {}),
    ...(user ? { user } : {}),
  };
}

/**
 * The host names that GitLab gives a service: its aliases, and its image's name without tag and port, once with `__` and once
 * with `-` in place of `/`. @see https://docs.gitlab.com/ci/services/#accessing-the-services
 */
function hostnamesOf(services: readonly { shape: ServiceShape; aliases: readonly string[] }[]): string[] {
  const names = services.flatMap(({ shape: { image }, aliases }) => {
    const bare = image.slice(0, image.length - tagOf(image).length).replace(/:[0-9]+\//, '/');
    return [bare.replaceAll('/', '__'), bare.replaceAll('/', '-'), ...aliases];
  });
  return [...new Set(names)].filter((name) => HOSTNAME.test(name));
}
