import { InvalidPipelineError } from '../errors.ts';
import { readCommit, setPersistentRef } from '../git/repository.ts';
import type { Instance } from '../instance.ts';
import type { PipelineDefinition } from '../model/definitions.ts';
import { type Job, latestJobs, type Pipeline } from '../model/pipeline.ts';
import type { Project } from '../model/project.ts';
import { addJob, publishCreated } from './add-job.ts';
import { cancelRedundantPipelines } from './cancel-redundant.ts';
import { processPipeline } from './lifecycle.ts';
import { resolveCacheKeys } from './resolve-cache-keys.ts';

const BLANK_SHA = '0'.repeat(40);

/**
 * Creates a pipeline for the newest commit of a branch, with its persistent ref in the repository, and makes the jobs of the
 * first stage pending.
 * @throws {InvalidPipelineError} for what GitLab's linter would reject
 */
export async function createPipeline(
  instance: Instance,
  project: Project,
  definition: PipelineDefinition,
): Promise<Pipeline> {
  validate(definition);
  const ref = definition.ref ?? project.defaultBranch;
  const commit = await readCommit(project, ref);
  const earlier = [...instance.pipelines.values()].filter((other) => other.project === project);
  const pipeline: Pipeline = {
    id: instance.nextId('pipeline'),
    iid: earlier.length + 1,
    project,
    ref,
    commit,
    beforeSha: earlier.findLast((other) => other.ref === ref)?.commit.sha ?? BLANK_SHA,
    source: definition.source ?? 'push',
    sourcePipeline: definition.sourcePipeline ?? null,
    stages: definition.stages,
    variables: definition.variables ?? {},
    jobs: [],
    status: 'created',
    createdAt: instance.now(),
    startedAt: null,
    finishedAt: null,
  };
  instance.pipelines.set(pipeline.id, pipeline);
  await setPersistentRef(project, pipeline.id, commit.sha);
  const jobs = definition.jobs.map((job) => resolveCacheKeys(project, commit.sha, job));
  for (const job of await Promise.all(jobs)) addJob(instance, pipeline, job);
  publishPipelineCreated(instance, pipeline);
  processPipeline(instance, pipeline);
  if (project.autoCancelRedundantPipelines) cancelRedundantPipelines(instance, pipeline);
  return pipeline;
}

/** Retries a finished job: a new job replaces it, and skipped jobs wait again. */
export function retryJob(instance: Instance, job: Job): Job {
  if (!job.finished || job.retried) {
    throw new InvalidPipelineError(
      `Job ${job.id} is ${job.status}: only a finished job that was not retried yet can be retried.`,
    );
  }
  job.retried = true;
  for (const skipped of latestJobs(job.pipeline).filter(({ status }) => status === 'skipped')) {
    skipped.status = 'created';
    skipped.finishedAt = null;
  }
  const replacement = addJob(instance, job.pipeline, job.definition);
  publishCreated(instance, replacement);
  processPipeline(instance, job.pipeline);
  return replacement;
}

function publishPipelineCreated(instance: Instance, pipeline: Pipeline): void {
  const at = pipeline.createdAt;
  instance.hub.publish({ type: 'pipeline-status', at, pipeline, from: null, to: 'created' });
  for (const job of pipeline.jobs) publishCreated(instance, job);
}

function validate({ stages, jobs }: PipelineDefinition): void {
  const names = new Set(jobs.map((job) => job.name));
  if (jobs.length === 0)
    throw new InvalidPipelineError('jobs config should contain at least one visible job');
  if (names.size !== jobs.length) throw new InvalidPipelineError('two jobs have the same name');
  for (const job of jobs) {
    const label = `jobs:${job.name}`;
    if (!stages.includes(job.stage))
      throw new InvalidPipelineError(`${label} chosen stage ${job.stage} does not exist`);
    if (job.script.length === 0) throw new InvalidPipelineError(`${label}:script can't be blank`);
    const required = [...(job.needs ?? []), ...(job.dependencies ?? [])];
    const missing = required.find((name) => !names.has(name));
    if (missing)
      throw new InvalidPipelineError(`${label} needs ${missing}, which is not a job of this pipeline`);
  }
}
