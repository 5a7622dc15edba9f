/** The reaper's judgements and its sweep, for tests and models; the Lambda itself is `handler.ts`. */
export { type FleetFacts, type ManagerLimits, managerLimits } from './fleet-facts.ts';
export { type DefinitionCase, type DefinitionFacts, isUnusedDefinition } from './judge-definition.ts';
export { type FleetCase, type FleetVerdict, judgeFleet } from './judge-fleet.ts';
export { type JobTaskCase, type JobTaskVerdict, judgeJobTask } from './judge-job-task.ts';
export { judgeManager, lastActivityAt, type ManagerCase, type ManagerVerdict } from './judge-manager.ts';
export { judgeReplacement, type ReplacementCase, type ReplacementVerdict } from './judge-replacement.ts';
export { isUnusedToken, type ParameterFacts, type RunnerTokenCase } from './judge-runner-token.ts';
export { isForgotten, type JobSecretFacts, type SecretCase } from './judge-secret.ts';
export { readWorld } from './read-world.ts';
export { SweepIncompleteError, sweep } from './sweep.ts';
export type { SweepParts, SweepSummary } from './sweep-state.ts';
