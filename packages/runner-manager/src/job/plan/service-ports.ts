import { tagOf } from '@serverless-gitlab-runner/fleet';
import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import type { PlanDiagnostics } from '../plan-diagnostics.ts';
import { expandVariables } from '../request/expand-variables.ts';
import { type JobOverrides, PORT_VARIABLE, type Setting } from '../request/job-overrides.ts';
import type { ServiceRequest } from '../request/job-request.ts';
import { parsePort } from '../request/parse-setting.ts';
import { MAX_OPTION_CHARACTERS } from '../request/refuse-long-texts.ts';

/** What waiting for a service and reporting its end need. */
export interface PlannedService {
  /** Name of the container. */
  container: string;
  /** Its name in the job log: its image and alias. */
  title: string;
  /** The TCP port that it listens on; undefined means any. */
  port: number | undefined;
}

/** Default ports of the official images with these names. */
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
 * The port that a service listens on, if its variables or its image's name determine it.
 * @param jobPort the job's port variable, if it applies to this service
 */
export function portOf(
  service: ServiceRequest,
  image: string,
  jobPort: Setting<number> | undefined,
  variables: ReadonlyMap<string, string>,
  diagnostics: PlanDiagnostics,
): number | undefined {
  const asked = ownPort(service, variables) ?? jobPort;
  if (asked) {
    if (asked.value === undefined) {
      diagnostics.notes.push(
        `${PORT_VARIABLE} of the service ${image} is ${quoted(asked.text)}, which is not a port; it is ignored.`,
      );
    }
    return asked.value;
  }
  const mayListenElsewhere =
    service.entrypoint?.length ||
    service.command?.length ||
    service.variables?.some(({ key }) => key.toUpperCase().includes('PORT'));
  return mayListenElsewhere ? undefined : PORTS_OF_IMAGES.get(bareName(image));
}

/** A service's own port variable, expanded unless it is raw, as in its container's environment (`common/build.go` of 19.3). */
function ownPort(
  { variables: own }: ServiceRequest,
  variables: ReadonlyMap<string, string>,
): Setting<number> | undefined {
  const found = own?.findLast(({ key }) => key === PORT_VARIABLE);
  refuseLonger(PORT_VARIABLE, found?.value ?? '', MAX_OPTION_CHARACTERS);
  const written = found?.value ?? '';
  const text = found?.raw ? written : expandVariables(written, variables, MAX_OPTION_CHARACTERS);
  return text ? { name: PORT_VARIABLE, text, value: parsePort(text) } : undefined;
}

/** `postgres` of `registry.example.com:5000/mirror/postgres:16@sha256:…`. */
function bareName(image: string): string {
  const path = image.slice(0, image.length - tagOf(image).length);
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All containers of a Fargate task share one network, so only one can listen on a port. @throws {JobRefusedError} */
export function refuseSharedPorts(services: readonly PlannedService[]): void {
  const byPort = new Map<number, PlannedService>();
  for (const service of services) {
    if (service.port === undefined) continue;
    const earlier = byPort.get(service.port);
    byPort.set(service.port, service);
    if (!earlier) continue;
    throw new JobRefusedError([
      `The services ${earlier.title} and ${service.title} both listen on port ${service.port}, but all containers of a Fargate task share one network. ${OTHER_PORT}`,
    ]);
  }
}

/** What to do about two services on one port. */
export const OTHER_PORT = `Configure one of them to listen on another port (by its command or variables), and set its ${PORT_VARIABLE} to that port.`;

/** The job's port variable applies only if the job has exactly one service. */
export function portForAll(
  services: readonly ServiceRequest[],
  { healthcheckPort }: JobOverrides,
): Setting<number> | undefined {
  return services.length === 1 ? healthcheckPort : undefined;
}
