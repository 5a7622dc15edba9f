import type { ManagerFacts, TaskState } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { GitLabJob, GitLabRunner } from '../gitlab/gitlab-reader.ts';

/** What AWS knows of one job. Times are milliseconds since 1970. */
export interface JobFacts {
  jobId: number;
  now: number;
  /** Hours for which logs were searched. */
  hours: number;
  /** Webhooks of that job that the receiver accepted, oldest first. */
  webhooks: readonly ReceivedWebhook[];
  /** Number of webhooks of any job that the receiver refused as not authentic. */
  refusedWebhooks: number;
  /** What the launcher decided about it, oldest first. */
  decisions: readonly LaunchDecision[];
  /** Its task in ECS, which forgets tasks an hour after their end. */
  task: JobTask | undefined;
  /** What GitLab says; undefined if it was not asked, or could not be. */
  gitlab: GitLabFacts | undefined;
  /** Managers that take jobs, of every fleet. */
  managers: readonly (ManagerFacts & { jobs: number })[];
  /** Settings of the fleets, by name. */
  fleets: ReadonlyMap<string, { max: number; concurrentJobs: number }>;
}

export interface ReceivedWebhook {
  at: number;
  fleet: string;
  projectId: number | undefined;
}

export interface LaunchDecision {
  at: number;
  fleet: string;
  /** As in the launcher's log, such as `recheck: manager-launched`, `job-runs`, `retry: at-maximum`. */
  outcome: string;
  /** Of a failure, or more about the outcome. */
  message: string | undefined;
}

export interface JobTask {
  fleet: string;
  taskId: string;
  state: TaskState;
  createdAt: number | undefined;
  pullStartedAt: number | undefined;
  pullStoppedAt: number | undefined;
  startedAt: number | undefined;
  stoppingAt: number | undefined;
  stoppedAt: number | undefined;
  stoppedReason: string | undefined;
}

/** What GitLab knows of a job. */
export interface GitLabFacts {
  job: GitLabJob;
  /** Of its project; undefined if the token may not read them. */
  runners: readonly GitLabRunner[] | undefined;
}
