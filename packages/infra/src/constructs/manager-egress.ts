import type { parseFleet } from '../fleet-props.ts';

const HTTPS = 443;

/** What decides where a fleet's managers must reach. */
export interface ManagerEgress {
  readonly fleet: Pick<ReturnType<typeof parseFleet>, 'gitlabUrl' | 'cloneUrl' | 'job'>;
  /** Variables of managers: a proxy's port is read from them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ports that the installation names. */
  readonly ports: readonly number[];
}

/**
 * TCP ports that a fleet's managers must reach: HTTPS, and those of GitLab, of the registries that are asked for images' entry
 * points, and of proxies, as far as settings name them. A job can make its manager connect to a host that the job chose (`secrets:`
 * names a Vault server), so nothing else is open.
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

/** The port of a URL; none of what is no URL, or has none. */
function portsOfUrl(url: string): number[] {
  if (!URL.canParse(url)) return [];
  const { port, protocol } = new URL(url);
  if (port !== '') return [Number(port)];
  return protocol === 'http:' ? [80] : protocol === 'https:' ? [HTTPS] : [];
}
