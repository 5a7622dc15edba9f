/** The three services, by the names of their packages. */
export type ServiceName = 'webhook-receiver' | 'runner-launcher' | 'idle-reaper';

const PREFIX = 'serverless-gitlab-runner';

/** The stack of an installation from the plain template: everything in one. */
export const SINGLE_STACK = PREFIX;

/** The stack with network, cluster, bus, managers and fleets. */
export const SHARED_STACK = `${PREFIX}-shared`;

/** A service's stack. */
export function serviceStack(service: ServiceName): string {
  return `${PREFIX}-${service}`;
}

/** Every stack, the shared one first, which the others import from. */
export const ALL_STACKS: readonly string[] = [
  SHARED_STACK,
  ...(['webhook-receiver', 'runner-launcher', 'idle-reaper'] as const).map(serviceStack),
];
