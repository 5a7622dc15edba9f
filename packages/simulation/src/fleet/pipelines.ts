import { GITLAB_SECONDS, SECOND } from '../model.ts';
import type { JobTrace, PipelineTrace } from '../trace.ts';
import type { SimulationContext } from './context.ts';
import type { Placements } from './placements.ts';

/** GitLab: queues a pipeline's jobs stage by stage, retries failed ones, and measures how long the pipeline waited. */
export interface Pipelines {
  start(pipeline: PipelineTrace): void;
}

/** @param onEnd a pipeline has ended */
export function createPipelines(
  { clock, leadSeconds, outcome, isMeasured }: SimulationContext,
  placements: Placements,
  onEnd: () => void,
): Pipelines {
  const runStage = (pipeline: PipelineTrace, index: number, waited: number) => {
    const stage = pipeline.stages[index];
    if (stage === undefined) return end(pipeline, waited);
    const queuedAt = clock.now();
    let left = stage.length;
    let succeeded = true;
    const onJobEnd = (success: boolean) => {
      left -= 1;
      succeeded &&= success;
      if (left > 0) return;
      const total = waited + (clock.now() - queuedAt) / SECOND - Math.max(...stage.map(shortestSeconds));
      if (!succeeded) return end(pipeline, total);
      clock.at(clock.now() + GITLAB_SECONDS * SECOND, () => runStage(pipeline, index + 1, total));
    };
    for (const job of stage) runJob(pipeline, job, 0, onJobEnd);
  };

  const runJob = (
    pipeline: PipelineTrace,
    job: JobTrace,
    number: number,
    onJobEnd: (success: boolean) => void,
  ) => {
    const attempt = job.attempts[number];
    if (attempt === undefined) return onJobEnd(false);
    const retry = () =>
      clock.at(clock.now() + GITLAB_SECONDS * SECOND, () => runJob(pipeline, job, number + 1, onJobEnd));
    placements.queue({
      pipeline,
      job,
      attempt,
      queuedAt: clock.now(),
      isTaken: false,
      onEnd: (success) => (success || number + 1 === job.attempts.length ? onJobEnd(success) : retry()),
    });
  };

  const end = ({ at, stages }: PipelineTrace, waitedSeconds: number) => {
    if (isMeasured(at))
      outcome.pipelines.push({
        stages: stages.length,
        waitedSeconds,
        waitedStarts: waitedSeconds / leadSeconds,
      });
    onEnd();
  };

  return { start: (pipeline) => runStage(pipeline, 0, 0) };
}

/** Seconds of all attempts of a job without any waiting. */
function shortestSeconds({ attempts, tailSeconds }: JobTrace): number {
  const scripts = attempts.reduce((total, { seconds }) => total + seconds + tailSeconds, 0);
  return scripts + (attempts.length - 1) * GITLAB_SECONDS;
}
