import { InvalidPipelineError } from '../errors.ts';
import { readCommit, setPersistentRef } from '../git/repository.ts';
import type { Instance } from '../instance.ts';
import type { PipelineDefinition } from '../model/definitions.ts';
import type { Job } from '../model/job.ts';
import { latestJobs, type Pipeline } from '../model/pipeline.ts';
import type { Project } from '../model/project.ts';
import { addJob, announceJob } from './add-job.ts';
import { cancelRedundantPipelines } from './cancel-redundant.ts';
import { processPipeline } from './lifecycle.ts';
import { resolveCacheKeys } from './resolve-cache-keys.ts';

const NO_SHA = '0'.repeat(40);

/**
 * Makes a pipeline for the newest commit of a branch, with its persistent ref in the repository, and makes the first stage's jobs
 * pending. Refuses with an InvalidPipelineError what GitLab's linter would.
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
    beforeSha: earlier.findLast((other) => other.ref === ref)?.commit.sha ?? NO_SHA,
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
  announce(instance, pipeline);
  processPipeline(instance, pipeline);
  if (project.autoCancelRedundantPipelines) cancelRedundantPipelines(instance, pipeline);
  return pipeline;
}

/** Runs a finished job again: a new job takes its place, and what was skipped because of it waits anew. */
export function retryJob(instance: Instance, job: Job): Job {
  if (!job.finished || job.retried) {
    throw new InvalidPipelineError(
      `Job ${job.id} is ${job.status}: only a finished job that was not retried yet can be.`,
    );
  }
  job.retried = true;
  for (const skipped of latestJobs(job.pipeline).filter(({ status }) => status === 'skipped')) {
    skipped.status = 'created';
    skipped.finishedAt = null;
  }
  const again = addJob(instance, job.pipeline, job.definition);
  announceJob(instance, again);
  processPipeline(instance, job.pipeline);
  return again;
}

function announce(instance: Instance, pipeline: Pipeline): void {
  const at = pipeline.createdAt;
  instance.hub.publish({ type: 'pipeline-status', at, pipeline, from: null, to: 'created' });
  for (const job of pipeline.jobs) announceJob(instance, job);
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
    const wanted = [...(job.needs ?? []), ...(job.dependencies ?? [])];
    const missing = wanted.find((name) => !names.has(name));
    if (missing)
      throw new InvalidPipelineError(`${label} needs ${missing}, which is no job of this pipeline`);
  }
}
