import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import type { readClusterState } from '@serverless-gitlab-runner/idle-reaper';
import type { MessageOutcome } from '@serverless-gitlab-runner/runner-launcher';
import { nextClosingStep } from '@serverless-gitlab-runner/runner-manager';
import type { EcsApi } from './ecs/simulated-ecs.ts';
import type { Random } from './random.ts';

/**
 * Interfaces between the real code and the model that a mutation may change. Mutations emulate the loss of a precaution there;
 * the code itself is unchanged.
 */
export interface Overrides {
  /** ECS for one invocation of the launcher. */
  launcherEcs(ecs: EcsApi, random: Random): EcsApi;
  /** ECS for one sweep. */
  reaperEcs(ecs: EcsApi, random: Random): EcsApi;
  /** The fleet's document for launcher and reaper. */
  launcherConfig(config: FleetConfig): FleetConfig;
  reaperConfig(config: FleetConfig): FleetConfig;
  readClusterState: typeof readClusterState | undefined;
  /** Outcomes of messages. */
  settled(settled: MessageOutcome[]): MessageOutcome[];
  /** Messages that stay in the queue. */
  keep(messageIds: readonly string[]): readonly string[];
  /** When a drained runner receives SIGQUIT. */
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
