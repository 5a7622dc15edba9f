import type { ServiceName } from '../constructs/service-function.ts';

const PREFIX = 'serverless-gitlab-runner';

/** Stack of network, cluster, bus, manager and fleets. */
export const SHARED_STACK = `${PREFIX}-shared`;

/** A service's stack. */
export function serviceStack(service: ServiceName): string {
  return `${PREFIX}-${service}`;
}
