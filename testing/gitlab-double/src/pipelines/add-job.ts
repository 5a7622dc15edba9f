import type { Instance } from '../instance.ts';
import type { JobDefinition } from '../model/definitions.ts';
import { Job, type Pipeline } from '../model/pipeline.ts';

/** Adds a job to a pipeline, possibly as a retry of a job of the same name. */
export function addJob(instance: Instance, pipeline: Pipeline, definition: JobDefinition): Job {
  const earlier = pipeline.jobs.filter((job) => job.name === definition.name).length;
  const job = new Job(instance.nextId('job'), pipeline, definition, instance.now(), earlier);
  pipeline.jobs.push(job);
  instance.jobs.set(job.id, job);
  return job;
}

/** Publishes the creation of a job. */
export function publishCreated(instance: Instance, job: Job): void {
  instance.hub.publish({ type: 'job-status', at: job.createdAt, job, from: null, to: 'created' });
}
