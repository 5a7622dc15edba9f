import type { parseFleet } from '../fleet-props.ts';

const HTTPS = 443;

/** Settings that determine which ports a fleet's managers must reach. */
export interface ManagerEgress {
  readonly fleet: Pick<ReturnType<typeof parseFleet>, 'gitlabUrl' | 'cloneUrl' | 'job'>;
  /** Variables of managers; proxy ports are read from them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Additional ports of the installation. */
  readonly ports: readonly number[];
}

/**
 * TCP ports that a fleet's managers must reach: HTTPS, and the ports of GitLab, of the registries that provide images' entry
 * points, and of proxies, as far as settings name them. A job can make its manager connect to a host of its choice (`secrets:`
 * names a Vault server), so no other port is open.
 */
export function managerEgressPorts({ fleet, environment, ports }: ManagerEgress): number[] {
  const proxies = Object.entries(environment).flatMap(([name, value]) =>
    /^(https?|all)_proxy$/i.test(name) ? portsOfUrl(value) : [],
  );
  const gitlab = [fleet.gitlabUrl, fleet.cloneUrl].flatMap((url) =>
    url === undefined ? [] : portsOfUrl(url),
  );
  const registries = fleet.job.imageConfigRegistries.flatMap((registry) => portsOfUrl(`https://${registry}`));
  return [...new Set([HTTPS, ...gitlab, ...registries, ...proxies, ...ports])].sort(
    (one, other) => one - other,
  );
}

/** The port of a URL; empty if the URL is invalid or has no known port. */
function portsOfUrl(url: string): number[] {
  if (!URL.canParse(url)) return [];
  const { port, protocol } = new URL(url);
  if (port !== '') return [Number(port)];
  return protocol === 'http:' ? [80] : protocol === 'https:' ? [HTTPS] : [];
}
