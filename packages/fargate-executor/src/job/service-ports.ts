import type { Findings } from './findings.ts';
import type { ServiceRequest } from './job-request.ts';

/** A service as far as waiting for it and telling of it goes. */
export interface PlannedService {
  /** Name of the container. */
  container: string;
  /** What the job log calls it: its image, and its alias. */
  title: string;
  /** The TCP port it listens on; undefined: any. */
  port: number | undefined;
}

/** GitLab's variable for the port of a service. @see https://docs.gitlab.com/ci/services/ */
const PORT_VARIABLE = 'HEALTHCHECK_TCP_PORT';

/** Where the official images of these names listen, unless they are told otherwise. */
const PORTS_OF_IMAGES: ReadonlyMap<string, number> = new Map([
  ['postgres', 5432],
  ['postgis', 5432],
  ['mysql', 3306],
  ['mariadb', 3306],
  ['redis', 6379],
  ['valkey', 6379],
  ['memcached', 11211],
  ['mongo', 27017],
  ['rabbitmq', 5672],
  ['elasticsearch', 9200],
  ['opensearch', 9200],
  ['clickhouse-server', 8123],
  ['minio', 9000],
  ['nginx', 80],
  ['httpd', 80],
]);

/** The port that a service listens on, as far as its variables or its image's name tell. */
export function portOf(
  service: ServiceRequest,
  image: string,
  jobPort: string | undefined,
  findings: Findings,
): number | undefined {
  const variables = service.variables ?? [];
  const own = variables.find(({ key }) => key === PORT_VARIABLE)?.value;
  const asked = own || jobPort;
  if (asked) {
    const port = Number(asked);
    if (Number.isInteger(port) && port > 0 && port < 65536) return port;
    findings.notes.push(`${PORT_VARIABLE} of service ${image} is "${asked}", which is no port.`);
    return undefined;
  }
  const mayListenElsewhere =
    service.entrypoint?.length || service.command?.length || variables.some(({ key }) => /PORT/i.test(key));
  return mayListenElsewhere ? undefined : PORTS_OF_IMAGES.get(bareName(image));
}

/** `postgres` of `registry.example.com:5000/mirror/postgres:16@sha256:…`. */
function bareName(image: string): string {
  return (
    image
      .replace(/@.*$/, '')
      .replace(/:[^/:]*$/, '')
      .split('/')
      .at(-1) ?? image
  );
}

/** All containers of a Fargate task share one network, so each port is there once. */
export function refuseSharedPorts(services: readonly PlannedService[], findings: Findings): void {
  const byPort = new Map<number, PlannedService>();
  for (const service of services) {
    if (service.port === undefined) continue;
    const earlier = byPort.get(service.port);
    byPort.set(service.port, service);
    if (!earlier) continue;
    findings.refusals.push(
      `The services ${earlier.title} and ${service.title} both listen on port ${service.port}: all containers of a Fargate task share one network. ${OTHER_PORT}`,
    );
  }
}

/** What to do about two services on one port. */
export const OTHER_PORT = `Let one of them listen elsewhere (by its command or variables), and tell that port in its ${PORT_VARIABLE}.`;

/** The job's own port variable counts where there is only one service that it can mean. */
export function portForAll(
  services: readonly ServiceRequest[],
  variables: ReadonlyMap<string, string>,
): string | undefined {
  return services.length === 1 ? variables.get(PORT_VARIABLE) : undefined;
}
