/** The reaper's decisions alone, without the SDK's clients: for programs that simulate it. */
export { decideManager, type ManagerCase, type ManagerDecision } from './decide-manager.ts';
export { type ManagerLimits, managerLimits } from './fleet-facts.ts';
