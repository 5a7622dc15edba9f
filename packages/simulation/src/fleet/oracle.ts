import { expectedStartSeconds, GITLAB_SECONDS, SECOND } from '../model.ts';
import { draw } from '../random.ts';
import type { Attempt, JobTrace, PipelineTrace } from '../trace.ts';
import type { StartedTask } from './compute.ts';
import type { SimulationContext } from './context.ts';

/** Knows which jobs will be queued, when, and how long each start takes. */
export interface Oracle {
  /** An attempt's script has started. Once every job of a stage runs its last attempt, the next stage's tasks are started just in time. */
  running(pipeline: PipelineTrace, job: JobTrace, attempt: Attempt): void;
  /** Takes the task that was started for a job, if one was. */
  take(job: JobTrace): StartedTask | undefined;
}

export function createOracle({
  clock,
  compute,
  policy,
  model,
  seed,
  outcome,
  isMeasured,
}: SimulationContext): Oracle {
  const started = new Map<number, StartedTask>();
  /** Ends of running jobs, by pipeline and stage. */
  const knownEnds = new Map<number, number[]>();

  return {
    running(pipeline, job, attempt) {
      if (attempt !== job.attempts.at(-1)) return;
      const index = pipeline.stages.findIndex((jobs) => jobs.includes(job));
      const [stage = [], next = []] = [pipeline.stages[index], pipeline.stages[index + 1]];
      const key = pipeline.id * 1000 + index;
      const ends = knownEnds.get(key) ?? [];
      ends.push(clock.now() + (attempt.seconds + job.tailSeconds) * SECOND);
      knownEnds.set(key, ends);
      if (ends.length < stage.length) return;
      knownEnds.delete(key);
      for (const follower of next) {
        const sample = draw(seed, 'job-start', follower.id);
        const poll = draw(seed, 'poll', follower.id) * policy.pollSeconds;
        const needed = Math.max(...ends) + (GITLAB_SECONDS + poll) * SECOND;
        const start = expectedStartSeconds(model, follower) * SECOND;
        clock.at(needed - start, () => {
          outcome.ahead.started += isMeasured(clock.now()) ? 1 : 0;
          started.set(follower.id, compute.start(follower, sample));
        });
      }
    },
    take(job) {
      const task = started.get(job.id);
      started.delete(job.id);
      return task;
    },
  };
}
