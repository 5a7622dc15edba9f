import type { ServiceName } from '../constructs/service-function.ts';

const PREFIX = 'serverless-gitlab-runner';

/** The stack with network, cluster, bus, managers and fleets. */
export const SHARED_STACK = `${PREFIX}-shared`;

/** A service's stack. */
export function serviceStack(service: ServiceName): string {
  return `${PREFIX}-${service}`;
}
