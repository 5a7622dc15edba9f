import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import type { readClusterState } from '@serverless-gitlab-runner/idle-reaper';
import type { MessageOutcome } from '@serverless-gitlab-runner/runner-launcher';
import { nextClosingStep } from '@serverless-gitlab-runner/runner-manager';
import type { EcsApi } from './ecs/simulated-ecs.ts';
import type { Random } from './random.ts';

/**
 * Where a mutation gets between the real code and its clusterState. What the code would do without one of its precautions is
 * made there: the code itself stays as it is.
 */
export interface Overrides {
  /** ECS as one invocation of the launcher has it. */
  launcherEcs(ecs: EcsApi, random: Random): EcsApi;
  /** ECS as one sweep has it. */
  reaperEcs(ecs: EcsApi, random: Random): EcsApi;
  /** The fleet's document as each reads it. */
  launcherConfig(config: FleetConfig): FleetConfig;
  reaperConfig(config: FleetConfig): FleetConfig;
  readClusterState: typeof readClusterState | undefined;
  /** What becomes of messages. */
  settled(settled: MessageOutcome[]): MessageOutcome[];
  /** Which of the messages that the launcher wants kept are kept. */
  keep(messageIds: readonly string[]): readonly string[];
  /** When a drained runner gets SIGQUIT. */
  nextClosingStep: typeof nextClosingStep;
}

export const NO_MUTATION: Overrides = {
  launcherEcs: (ecs) => ecs,
  reaperEcs: (ecs) => ecs,
  launcherConfig: (config) => config,
  reaperConfig: (config) => config,
  readClusterState: undefined,
  settled: (settled) => settled,
  keep: (messageIds) => messageIds,
  nextClosingStep,
};
