import { type Job, latestJobs } from '../model/pipeline.ts';

/** The jobs whose artifacts a job downloads: its `dependencies`, else its `needs`, else all jobs of earlier stages. */
export function dependencyJobs(job: Job): Job[] {
  const { dependencies, needs } = job.definition;
  const { pipeline } = job;
  const names = dependencies ?? needs;
  const position = pipeline.stages.indexOf(job.stage);
  return latestJobs(pipeline).filter((other) =>
    names ? names.includes(other.name) : pipeline.stages.indexOf(other.stage) < position,
  );
}
