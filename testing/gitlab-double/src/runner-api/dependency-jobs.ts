import type { Job } from '../model/job.ts';
import { latestJobs } from '../model/pipeline.ts';

/** The jobs whose artifacts a job gets: those it names, else those it needs, else all of earlier stages. */
export function dependencyJobs(job: Job): Job[] {
  const { dependencies: named, needs } = job.definition;
  const { pipeline } = job;
  const names = named ?? needs;
  const position = pipeline.stages.indexOf(job.stage);
  return latestJobs(pipeline).filter((other) =>
    names ? names.includes(other.name) : pipeline.stages.indexOf(other.stage) < position,
  );
}
