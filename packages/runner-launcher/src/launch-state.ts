import {
  type EndedTasks,
  type ManagedTasks,
  type ManagerFacts,
  takesJobs,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
import type { LaunchFailure } from './outcome.ts';

/** What is known while a manager is found for each request of a group. Each step adds to it. */
export interface LaunchState {
  /** The cluster's tasks, shared by all groups of a batch. */
  clusterState: ManagedTasks;
  /** ARNs of managers whose demand mark was written and read back. */
  marked: Set<string>;
  launched: { manager: ManagerFacts; capacityProvider: CapacityProvider }[];
  failure: LaunchFailure | undefined;
  /** Tasks that ended within the last hour; undefined until they are read. */
  endedTasks: EndedTasks | undefined;
}

export function startState(clusterState: ManagedTasks): LaunchState {
  return { clusterState, marked: new Set(), launched: [], failure: undefined, endedTasks: undefined };
}

export function removeManagers({ clusterState }: LaunchState, managers: readonly ManagerFacts[]): void {
  const removed = new Set(managers.map(({ taskArn }) => taskArn));
  clusterState.managers = clusterState.managers.filter(({ taskArn }) => !removed.has(taskArn));
}

/** Adds a manager, or replaces what was known of it. */
export function addManager(state: LaunchState, manager: ManagerFacts, mark: 'marked' | 'unmarked'): void {
  removeManagers(state, [manager]);
  state.clusterState.managers.push(manager);
  if (mark === 'marked' && takesJobs(manager)) state.marked.add(manager.taskArn);
}
