import type { Instance } from '../instance.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { cancelJob } from './lifecycle.ts';

/**
 * Cancels older pipelines of the same branch, as GitLab's default mode `conservative` does: a pipeline is canceled as a whole
 * unless one of its uninterruptible jobs has started (Ci::PipelineCreation::CancelRedundantPipelinesService).
 */
export function cancelRedundantPipelines(instance: Instance, newest: Pipeline): void {
  const older = [...instance.pipelines.values()].filter(
    (other) => other.project === newest.project && other.ref === newest.ref && other.id < newest.id,
  );
  for (const pipeline of older) {
    const keep = pipeline.jobs.some((job) => job.startedAt !== null && !job.definition.interruptible);
    if (!keep) for (const job of pipeline.jobs) cancelJob(instance, job);
  }
}
