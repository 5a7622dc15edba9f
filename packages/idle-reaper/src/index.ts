/** The reaper's decisions and its sweep, for tests and models. The Lambda's entry point is `handler.ts`. */

export { type DefinitionCase, type DefinitionFacts, isUnusedDefinition } from './decide-definition.ts';
export { decideFleet, type FleetCase, type FleetDecision } from './decide-fleet.ts';
export { decideJobTask, type JobTaskCase, type JobTaskDecision } from './decide-job-task.ts';
export { decideManager, lastActivityAt, type ManagerCase, type ManagerDecision } from './decide-manager.ts';
export { decideReplacement, type ReplacementCase, type ReplacementDecision } from './decide-replacement.ts';
export { isUnusedToken, type ParameterFacts, type RunnerTokenCase } from './decide-runner-token.ts';
export { isOrphaned, type JobSecretFacts, type SecretCase } from './decide-secret.ts';
export { type FleetFacts, type ManagerLimits, managerLimits } from './fleet-facts.ts';
export { readClusterState } from './read-cluster-state.ts';
export { SweepIncompleteError, sweep } from './sweep.ts';
export type { SweepDeps, SweepSummary } from './sweep-state.ts';
