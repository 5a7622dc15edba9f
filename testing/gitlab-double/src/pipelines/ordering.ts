import type { RunWhen } from '../model/definitions.ts';
import type { JobStatus, PipelineStatus } from '../model/pipeline.ts';

/** The facts that determine the order of jobs. */
export interface JobFacts {
  name: string;
  stage: string;
  status: JobStatus;
  allowFailure: boolean;
  when: RunWhen | 'manual';
  needs: readonly string[] | undefined;
}

const DONE: readonly JobStatus[] = ['success', 'failed', 'canceled', 'skipped'];

/** A manual job that was not started does not block others: GitLab's default for manual jobs. */
const isDone = (job: JobFacts) => DONE.includes(job.status) || job.status === 'manual';
const isUnsuccessful = (job: JobFacts) =>
  (job.status === 'failed' && !job.allowFailure) || job.status === 'canceled';

/** Decides the next status of a `created` job. */
export function nextStatus(
  job: JobFacts,
  jobs: readonly JobFacts[],
  stages: readonly string[],
): 'wait' | 'pending' | 'skipped' | 'manual' {
  const prerequisites = prerequisitesOf(job, jobs, stages);
  if (!prerequisites.every(isDone)) return 'wait';
  const unsuccessful =
    prerequisites.some(isUnsuccessful) || (job.needs ?? []).some((name) => isSkipped(name, prerequisites));
  switch (job.when) {
    case 'always':
      return 'pending';
    case 'on_failure':
      return unsuccessful ? 'pending' : 'skipped';
    case 'manual':
      return unsuccessful ? 'skipped' : 'manual';
    case 'on_success':
      return unsuccessful ? 'skipped' : 'pending';
  }
}

function prerequisitesOf(job: JobFacts, jobs: readonly JobFacts[], stages: readonly string[]): JobFacts[] {
  const needs = job.needs;
  if (needs) return jobs.filter((other) => needs.includes(other.name));
  const position = stages.indexOf(job.stage);
  return jobs.filter((other) => stages.indexOf(other.stage) < position);
}

function isSkipped(name: string, jobs: readonly JobFacts[]): boolean {
  return jobs.some((job) => job.name === name && job.status === 'skipped');
}

/** Computes a pipeline's status from its jobs, like a simplified `Gitlab::Ci::Status::Composite`. */
export function pipelineStatus(jobs: readonly JobFacts[]): PipelineStatus {
  const has = (...statuses: JobStatus[]) => jobs.some((job) => statuses.includes(job.status));
  const all = (...statuses: JobStatus[]) => jobs.every((job) => statuses.includes(job.status));
  if (all('created')) return 'created';
  if (all('skipped')) return 'skipped';
  if (has('running', 'canceling')) return 'running';
  if (has('pending', 'created')) return has('success', 'failed', 'canceled') ? 'running' : 'pending';
  if (has('waiting_for_resource')) return 'waiting_for_resource';
  if (jobs.some((job) => job.status === 'failed' && !job.allowFailure)) return 'failed';
  if (has('canceled')) return 'canceled';
  return all('manual', 'skipped') ? 'manual' : 'success';
}
