import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { tagOf } from '../../registry/registry-path.ts';
import type { PlanDiagnostics } from '../plan-diagnostics.ts';
import { expandVariables } from '../request/expand-variables.ts';
import { type JobOverrides, PORT_VARIABLE, type Setting } from '../request/job-overrides.ts';
import type { ServiceRequest } from '../request/job-request.ts';
import { parsePort } from '../request/parse-setting.ts';
import { MOST_OPTION_CHARACTERS } from '../request/refuse-long-texts.ts';

/** A service as far as waiting for it and telling of it goes. */
export interface PlannedService {
  /** Name of the container. */
  container: string;
  /** What the job log calls it: its image, and its alias. */
  title: string;
  /** The TCP port it listens on; undefined: any. */
  port: number | undefined;
}

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

/**
 * The port that a service listens on, as far as its variables or its image's name tell.
 * @param jobPort the job's own variable, where it counts for this service
 */
export function portOf(
  service: ServiceRequest,
  image: string,
  jobPort: Setting<number> | undefined,
  variables: ReadonlyMap<string, string>,
  findings: PlanDiagnostics,
): number | undefined {
  const asked = ownPort(service, variables) ?? jobPort;
  if (asked) {
    if (asked.value === undefined) {
      findings.notes.push(`${PORT_VARIABLE} of service ${image} is ${quoted(asked.text)}, which is no port.`);
    }
    return asked.value;
  }
  const mayListenElsewhere =
    service.entrypoint?.length ||
    service.command?.length ||
    service.variables?.some(({ key }) => key.toUpperCase().includes('PORT'));
  return mayListenElsewhere ? undefined : PORTS_OF_IMAGES.get(bareName(image));
}

/** A service's own variable, expanded unless it is raw: what its container's environment says (`common/build.go` of 19.3). */
function ownPort(
  { variables: own }: ServiceRequest,
  variables: ReadonlyMap<string, string>,
): Setting<number> | undefined {
  const found = own?.findLast(({ key }) => key === PORT_VARIABLE);
  refuseLonger(PORT_VARIABLE, found?.value ?? '', MOST_OPTION_CHARACTERS);
  const written = found?.value ?? '';
  const text = found?.raw ? written : expandVariables(written, variables, MOST_OPTION_CHARACTERS);
  return text ? { name: PORT_VARIABLE, text, value: parsePort(text) } : undefined;
}

/** `postgres` of `registry.example.com:5000/mirror/postgres:16@sha256:…`. */
function bareName(image: string): string {
  const path = image.slice(0, image.length - tagOf(image).length);
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All containers of a Fargate task share one network, so each port exists once. @throws {JobRefusedError} */
export function refuseSharedPorts(services: readonly PlannedService[]): void {
  const byPort = new Map<number, PlannedService>();
  for (const service of services) {
    if (service.port === undefined) continue;
    const earlier = byPort.get(service.port);
    byPort.set(service.port, service);
    if (!earlier) continue;
    throw new JobRefusedError([
      `The services ${earlier.title} and ${service.title} both listen on port ${service.port}: all containers of a Fargate task share one network. ${OTHER_PORT}`,
    ]);
  }
}

/** What to do about two services on one port. */
export const OTHER_PORT = `Let one of them listen elsewhere (by its command or variables), and tell that port in its ${PORT_VARIABLE}.`;

/** The job's own port variable counts where there is only one service that it can mean. */
export function portForAll(
  services: readonly ServiceRequest[],
  { healthcheckPort }: JobOverrides,
): Setting<number> | undefined {
  return services.length === 1 ? healthcheckPort : undefined;
}
