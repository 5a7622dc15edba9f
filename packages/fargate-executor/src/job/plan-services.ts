import { quoted, refuseLonger } from '../bounded-text.ts';
import { JobRefusedError } from '../errors.ts';
import { tagOf } from '../registry/registry-path.ts';
import { expandVariables } from './expand-variables.ts';
import type { Findings } from './findings.ts';
import type { JobOverrides } from './job-overrides.ts';
import type { JobRequest, ServiceRequest } from './job-request.ts';
import { planImage } from './plan-image.ts';
import { planUser } from './plan-user.ts';
import { MOST_ALIAS_CHARACTERS } from './refuse-long-texts.ts';
import { serviceEnvironment } from './service-environment.ts';
import { type PlannedService, portForAll, portOf, refuseSharedPorts } from './service-ports.ts';

/** A service container: what belongs to the task's shape. */
export interface ServiceShape {
  /** Name of the container. */
  container: string;
  image: string;
  entryPoint?: string[];
  command?: string[];
  /** User that it runs as. Default: the image's own. */
  user?: string;
}

/** A job's services: their shape, their environment by container, and the names the job finds them by. */
export interface ServicesPlan {
  shapes: ServiceShape[];
  environment: ReadonlyMap<string, { name: string; value: string }[]>;
  hostnames: string[];
  planned: PlannedService[];
}

const MOST_ALIASES = 32;
const MOST_NAME_CHARACTERS = 255;
/** Names as a hosts file takes them. */
const HOSTNAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;

/**
 * Plans the job's `services:`, whose texts `refuseLongTexts` has seen.
 * @throws {JobRefusedError} at the first thing that cannot be
 */
export function planServices(request: JobRequest, overrides: JobOverrides, findings: Findings): ServicesPlan {
  const { services } = request;
  const shapes = services.map((service, index) => shapeOf(`svc-${index}`, service, request));
  const environment = new Map<string, { name: string; value: string }[]>();
  services.forEach((service, index) => {
    const container = `svc-${index}`;
    const own = serviceEnvironment(request, service);
    environment.set(container, own.variables);
    if (own.withheld.length > 0) {
      findings.notes.push(
        `The service ${service.name} does not get ${own.withheld.join(', ')}: the value holds a secret, and AWS would show it. It gets values that are written into .gitlab-ci.yml.`,
      );
    }
  });
  const aliases = services.map((service) => aliasesOf(service, request.variables));
  const jobPort = portForAll(services, overrides);
  const planned = services.map((service, index): PlannedService => {
    const { container = '', image = '' } = shapes[index] ?? {};
    const [alias] = aliases[index] ?? [];
    const port = portOf(service, image, jobPort, request.variables, findings);
    return { container, title: alias ? `${image} (${alias})` : image, port };
  });
  refuseSharedPorts(planned);
  return { shapes, environment, hostnames: hostnamesOf(shapes, aliases), planned };
}

/** A service's aliases: several are separated by spaces or commas. */
function aliasesOf({ alias }: ServiceRequest, variables: JobRequest['variables']): string[] {
  const names = expandVariables(alias ?? '', variables, MOST_ALIAS_CHARACTERS)
    .split(/[\s,]+/)
    .filter((name) => name);
  if (names.length > MOST_ALIASES) {
    throw new JobRefusedError([
      `The alias ${quoted(names.join(' '))} gives a service ${names.length} names: at most ${MOST_ALIASES} are allowed.`,
    ]);
  }
  for (const name of names) refuseLonger('The alias', name, MOST_NAME_CHARACTERS);
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
 * The names GitLab gives a service: its aliases, and its image's name without tag and port, with `/` once as `__` and
 * once as `-`. @see https://docs.gitlab.com/ci/services/#accessing-the-services
 */
function hostnamesOf(shapes: readonly ServiceShape[], aliases: readonly string[][]): string[] {
  const names = shapes.flatMap(({ image }, index) => {
    const bare = image.slice(0, image.length - tagOf(image).length).replace(/:[0-9]+\//, '/');
    return [bare.replaceAll('/', '__'), bare.replaceAll('/', '-'), ...(aliases[index] ?? [])];
  });
  return [...new Set(names)].filter((name) => HOSTNAME.test(name));
}
