import type { Instance } from '../instance.ts';
import { type Job, type JobStatus, latestJobs, type Pipeline } from '../model/pipeline.ts';
import type { Runner, RunnerManager } from '../model/runner.ts';
import { addJob, publishCreated } from './add-job.ts';
import { isRetriedAutomatically } from './automatic-retry.ts';
import { type JobFacts, nextStatus, pipelineStatus } from './ordering.ts';

/** Statuses in which a job has the resource of its group. */
const HOLDS_RESOURCE: readonly JobStatus[] = ['pending', 'running', 'canceling'];

export interface Outcome {
  failureReason?: string | undefined;
  exitCode?: number | undefined;
}

/** Sets a job's status and advances its pipeline. Does nothing if the job already has that status. */
export function moveJob(instance: Instance, job: Job, to: JobStatus, outcome: Outcome = {}): void {
  if (job.status === to) return;
  setJobStatus(instance, job, to, outcome);
  // Before the pipeline is processed: the new job keeps it running.
  if (to === 'failed' && isRetriedAutomatically(job)) {
    job.retried = true;
    publishCreated(instance, addJob(instance, job.pipeline, job.definition));
  }
  processPipeline(instance, job.pipeline);
}

/** Assigns a pending job to the manager that requested one. */
export function startJob(instance: Instance, job: Job, runner: Runner, manager: RunnerManager): void {
  job.runner = runner;
  job.manager = manager;
  moveJob(instance, job, 'running');
}

/** Advances every job whose prerequisites are done, then recomputes the pipeline's status. */
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

/** A running job becomes `canceling` if its runner supports that (after_script still runs), else `canceled`, as in GitLab. */
export function cancelJob(instance: Instance, job: Job): void {
  if (job.finished) return;
  const graceful = job.status === 'running' && job.manager?.info?.features?.cancel_gracefully === true;
  moveJob(instance, job, graceful ? 'canceling' : 'canceled');
}

/** Applies a runner's final state. A job that was being canceled becomes `canceled` whatever the runner reports. */
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
