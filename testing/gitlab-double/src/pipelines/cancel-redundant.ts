import type { Instance } from '../instance.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { cancelJob } from './lifecycle.ts';

/**
 * What a new pipeline does to older ones of its branch, in GitLab's default mode `conservative`: those of which no job
 * has begun that may not be interrupted are cancelled whole (Ci::PipelineCreation::CancelRedundantPipelinesService).
 */
export function cancelRedundantPipelines(instance: Instance, newest: Pipeline): void {
  const older = [...instance.pipelines.values()].filter(
    (other) => other.project === newest.project && other.ref === newest.ref && other.id < newest.id,
  );
  for (const pipeline of older) {
    const kept = pipeline.jobs.some((job) => job.startedAt !== null && !job.definition.interruptible);
    if (!kept) for (const job of pipeline.jobs) cancelJob(instance, job);
  }
}
