import type { RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type FleetConfig, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';

/** A fleet as stored in SSM. Times are milliseconds since 1970. */
export interface FleetFacts {
  name: string;
  /** Undefined if the document is invalid; then the defaults apply. */
  config: FleetConfig | undefined;
  /** When its document was last written. */
  configChangedAt: number;
  /** Name of the parameter of the fleet's own runner token. */
  ownTokenName: string;
  /** When each of the fleet's runner tokens was last written, by parameter name. */
  tokensChangedAt: ReadonlyMap<string, number>;
}

export type ManagerLimits = Pick<
  FleetConfig['manager'],
  'idleSeconds' | 'maxLifetimeSeconds' | 'drainGraceSeconds'
>;

const defaultManagerLimits: ManagerLimits = fleetConfigSchema.shape.manager.parse(undefined);

/** The limits of a fleet's managers; the defaults if its document is invalid or was removed. */
export function managerLimits(fleet: FleetFacts | undefined): ManagerLimits {
  return fleet?.config?.manager ?? defaultManagerLimits;
}

/** When the fleet's document or that runner token was last written. */
export function changedAt(
  fleet: FleetFacts,
  { runnerTokenParameter }: Pick<RunnerQueue, 'runnerTokenParameter'>,
): number {
  const tokenName = runnerTokenParameter ?? fleet.ownTokenName;
  return Math.max(fleet.configChangedAt, fleet.tokensChangedAt.get(tokenName) ?? 0);
}
