import type { ECSClient } from '@aws-sdk/client-ecs';
import type { JobTaskFacts, ManagedTasks, ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import type { FleetFacts } from './fleet-facts.ts';
import type { JobDefinitions } from './job-definitions.ts';
import type { JobSecrets } from './job-secrets.ts';
import type { FleetsInSsm } from './read-fleets.ts';
import type { RunnerTokens } from './runner-tokens.ts';

export interface SweepDeps {
  ecs: ECSClient;
  cluster: string;
  eventBusName: string;
  /** Tasks that are to run, and managers of these fleets that ended within the hour. */
  readClusterState(fleets: readonly string[]): Promise<ManagedTasks>;
  /** Job tasks that ended within the hour, or are ending. */
  readEndedJobTasks(): Promise<JobTaskFacts[]>;
  readFleets(report: (fleet: string, problem: string) => void): Promise<FleetsInSsm>;
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
  log(message: string, fields: Record<string, unknown>): void;
}

/** What one sweep saw and did. */
export interface SweepSummary {
  managers: number;
  jobTasks: number;
  drained: number;
  stopped: number;
  requested: number;
  /** Forgotten secrets that were removed. */
  secrets: number;
  /** Brought runner tokens that nobody uses any more and that were removed. */
  tokens: number;
  /** Task definitions of jobs that nobody uses any more and that were deregistered. */
  definitions: number;
  failures: number;
}

/** One sweep under way. */
export interface Sweep {
  deps: SweepDeps;
  /** Undefined: SSM did not tell. Then nothing is judged by a fleet's limits. */
  fleets: ReadonlyMap<string, FleetFacts> | undefined;
  clusterState: ManagedTasks;
  summary: SweepSummary;
  events: EventEntry[];
}

/** A manager's job tasks, as far as they were read. */
export function jobTasksOf({ jobTasks }: ManagedTasks, { taskId }: ManagerFacts): JobTaskFacts[] {
  return jobTasks.filter(({ managerTaskId }) => managerTaskId === taskId);
}
