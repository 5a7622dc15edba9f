import type { PipelineDefinition, VariableDefinitions } from './definitions.ts';
import type { Job } from './job.ts';
import type { Project } from './project.ts';

export type PipelineStatus =
  | 'created'
  | 'waiting_for_resource'
  | 'pending'
  | 'running'
  | 'success'
  | 'failed'
  | 'canceled'
  | 'skipped'
  | 'manual';

/** The commit that a pipeline runs for. */
export interface Commit {
  sha: string;
  message: string;
  authorName: string;
  authorEmail: string;
  /** ISO 8601 with offset, as git prints it. */
  timestamp: string;
}

export interface Pipeline {
  id: number;
  /** Number within its project. */
  iid: number;
  project: Project;
  ref: string;
  commit: Commit;
  beforeSha: string;
  source: string;
  sourcePipeline: NonNullable<PipelineDefinition['sourcePipeline']> | null;
  stages: readonly string[];
  variables: VariableDefinitions;
  /** Every job, retried ones too. */
  jobs: Job[];
  status: PipelineStatus;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** The jobs that count: of each name, the newest. */
export function latestJobs(pipeline: Pipeline): Job[] {
  return pipeline.jobs.filter((job) => !job.retried);
}
