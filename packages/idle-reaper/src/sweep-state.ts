import type { ECSClient } from '@aws-sdk/client-ecs';
import type { JobTaskFacts, ManagedTasks, ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import type { FleetFacts } from './fleet-facts.ts';
import type { JobDefinitions } from './job-definitions.ts';
import type { JobSecrets } from './job-secrets.ts';
import type { StoredFleets } from './read-fleets.ts';
import type { RunnerTokens } from './runner-tokens.ts';

export interface SweepDeps {
  ecs: ECSClient;
  cluster: string;
  eventBusName: string;
  /** Tasks whose desired status is RUNNING, and managers of these fleets that ended within the last hour. */
  readClusterState(fleets: readonly string[]): Promise<ManagedTasks>;
  /** Job tasks that ended within the last hour or are stopping. */
  readEndedTasks(): Promise<Pick<ManagedTasks, 'jobTasks'>>;
  readFleets(report: (fleet: string, problem: string) => void): Promise<StoredFleets>;
  secrets: JobSecrets;
  /** First part of every parameter's name. */
  parameterPrefix: string;
  tokens: RunnerTokens;
  definitions: JobDefinitions;
  publish(entries: readonly EventEntry[]): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
  /** 0 to 1, 1 excluded. */
  random(): number;
  /** @param level default `info` */
  log(message: string, fields: Record<string, unknown>, level?: 'info' | 'warn'): void;
}

/** Counts of what one sweep found and did. */
export interface SweepSummary {
  managers: number;
  jobTasks: number;
  drained: number;
  stopped: number;
  requested: number;
  /** Orphaned secrets that were removed. */
  secrets: number;
  /** Unused webhook runner tokens that were removed. */
  tokens: number;
  /** Unused task definitions of jobs that were deregistered. */
  definitions: number;
  failures: number;
}

/** The state of one sweep. */
export interface Sweep {
  deps: SweepDeps;
  /** Undefined if SSM could not be read. Then no decision uses a fleet's limits. */
  fleets: ReadonlyMap<string, FleetFacts> | undefined;
  clusterState: ManagedTasks;
  summary: SweepSummary;
  events: EventEntry[];
}

/** A manager's job tasks, among those that were read. Tasks that wait for a job are no activity, and are left out. */
export function jobTasksOf({ jobTasks }: ManagedTasks, { taskId }: ManagerFacts): JobTaskFacts[] {
  return jobTasks.filter(
    ({ managerTaskId, unclaimedUntil }) => managerTaskId === taskId && unclaimedUntil === undefined,
  );
}
