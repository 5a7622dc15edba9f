import type { RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type FleetConfig, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';

/** A fleet as SSM has it. Times are milliseconds since 1970. */
export interface FleetFacts {
  name: string;
  /** Undefined: the document is invalid, and the defaults hold. */
  config: FleetConfig | undefined;
  /** When its document was written last. */
  configChangedAt: number;
  /** Name of the parameter of the fleet's own runner token. */
  ownTokenName: string;
  /** By name of the parameter, when each of the fleet's runner tokens was written last. */
  tokensChangedAt: ReadonlyMap<string, number>;
}

export type ManagerLimits = Pick<
  FleetConfig['manager'],
  'idleSeconds' | 'maxLifetimeSeconds' | 'drainGraceSeconds'
>;

const defaultManagerLimits: ManagerLimits = fleetConfigSchema.shape.manager.parse(undefined);

/** The limits of a fleet's managers; the defaults where its document is invalid or gone. */
export function managerLimits(fleet: FleetFacts | undefined): ManagerLimits {
  return fleet?.config?.manager ?? defaultManagerLimits;
}

/** When the fleet's document or that runner token was written last. */
export function changedAt(
  fleet: FleetFacts,
  { runnerTokenParameter }: Pick<RunnerQueue, 'runnerTokenParameter'>,
): number {
  const tokenName = runnerTokenParameter ?? fleet.ownTokenName;
  return Math.max(fleet.configChangedAt, fleet.tokensChangedAt.get(tokenName) ?? 0);
}
