import type { Instance } from '../instance.ts';
import type { Job, JobStatus } from '../model/job.ts';
import { latestJobs, type Pipeline } from '../model/pipeline.ts';
import type { Runner, RunnerManager } from '../model/runner.ts';
import { addJob, announceJob } from './add-job.ts';
import { isRetriedByItself } from './automatic-retry.ts';
import { type JobFacts, nextStatus, pipelineStatus } from './ordering.ts';

/** Statuses in which a job has the resource of its group. */
const HOLDS_RESOURCE: readonly JobStatus[] = ['pending', 'running', 'canceling'];

export interface Outcome {
  failureReason?: string | undefined;
  exitCode?: number | undefined;
}

/** Gives a job a status, and its pipeline what follows from it. A status it has already changes nothing. */
export function moveJob(instance: Instance, job: Job, to: JobStatus, outcome: Outcome = {}): void {
  if (job.status === to) return;
  setJobStatus(instance, job, to, outcome);
  // Before what follows from the failure: the new job keeps the pipeline running.
  if (to === 'failed' && isRetriedByItself(job)) {
    job.retried = true;
    announceJob(instance, addJob(instance, job.pipeline, job.definition));
  }
  processPipeline(instance, job.pipeline);
}

/** Hands a pending job to the manager that asked for one. */
export function startJob(instance: Instance, job: Job, runner: Runner, manager: RunnerManager): void {
  job.runner = runner;
  job.manager = manager;
  moveJob(instance, job, 'running');
}

/** Moves on every job whose turn it is, and composes the pipeline's status anew. */
export function processPipeline(instance: Instance, pipeline: Pipeline): void {
  for (let moved = true; moved; ) {
    const facts = latestJobs(pipeline).map(factsOf);
    moved = false;
    for (const job of latestJobs(pipeline).filter(({ status }) => status === 'created')) {
      const next = nextStatus(factsOf(job), facts, pipeline.stages);
      if (next === 'wait') continue;
      const waits = next === 'pending' && job.definition.resourceGroup !== undefined;
      setJobStatus(instance, job, waits ? 'waiting_for_resource' : next);
      if (waits) assignResource(instance, job);
      moved = true;
    }
  }
  setPipelineStatus(instance, pipeline);
}

/** Gives the resource of a job's group to the oldest job that waits for it, if no job has it (`unordered`, GitLab's default). */
function assignResource(instance: Instance, { pipeline, definition }: Job): void {
  const group = [...instance.jobs.values()].filter(
    (job) =>
      job.pipeline.project === pipeline.project && job.definition.resourceGroup === definition.resourceGroup,
  );
  if (group.some(({ status }) => HOLDS_RESOURCE.includes(status))) return;
  const next = group.find(({ status }) => status === 'waiting_for_resource');
  if (next === undefined) return;
  setJobStatus(instance, next, 'pending');
  setPipelineStatus(instance, next.pipeline);
}

/** A running job is asked to stop if its runner can (after_script still runs), else it is canceled at once, as in GitLab. */
export function cancelJob(instance: Instance, job: Job): void {
  if (job.finished) return;
  const graceful = job.status === 'running' && job.manager?.info?.features?.cancel_gracefully === true;
  moveJob(instance, job, graceful ? 'canceling' : 'canceled');
}

/** What a runner's final report makes of a job: a job that was being canceled is canceled, however it ended. */
export function finishJob(instance: Instance, job: Job, state: 'success' | 'failed', outcome: Outcome): void {
  moveJob(instance, job, job.status === 'canceling' ? 'canceled' : state, outcome);
}

function setJobStatus(instance: Instance, job: Job, to: JobStatus, outcome: Outcome = {}): void {
  const from = job.status;
  const at = instance.now();
  job.status = to;
  if (to === 'pending') job.queuedAt = at;
  if (to === 'running') job.startedAt = at;
  if (job.finished) finish(job, at, outcome);
  if (to === 'pending') instance.tickRunnerQueue();
  instance.hub.publish({ type: 'job-status', at, job, from, to });
  if (job.finished && job.definition.resourceGroup !== undefined) assignResource(instance, job);
}

function finish(job: Job, at: Date, outcome: Outcome): void {
  job.finishedAt = at;
  job.exitCode = outcome.exitCode ?? null;
  if (job.status === 'failed') job.failureReason = outcome.failureReason ?? 'unknown_failure';
}

function setPipelineStatus(instance: Instance, pipeline: Pipeline): void {
  const from = pipeline.status;
  const to = pipelineStatus(latestJobs(pipeline).map(factsOf));
  const at = instance.now();
  if (to === 'running') pipeline.startedAt ??= at;
  if (from === to) return;
  pipeline.status = to;
  pipeline.finishedAt = ['success', 'failed', 'canceled', 'skipped'].includes(to) ? at : null;
  instance.hub.publish({ type: 'pipeline-status', at, pipeline, from, to });
}

function factsOf(job: Job): JobFacts {
  const { name, stage, status, allowFailure } = job;
  const { when = 'on_success', needs } = job.definition;
  return { name, stage, status, allowFailure, when, needs };
}
