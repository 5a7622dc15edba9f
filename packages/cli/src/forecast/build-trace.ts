import { type FleetConfig, isComparable } from '@serverless-gitlab-runner/fleet';
import {
  type FleetSettings,
  type JobTrace,
  type PipelineTrace,
  PROTECTED_REFS,
  type Trace,
} from '@serverless-gitlab-runner/simulation';
import type { LoggedPipeline } from './derive-pipelines.ts';
import type { LoggedJob } from './logged-job.ts';
import { shapeOf } from './measured-starts.ts';

/** Megabytes assumed for images whose start times were not measured. */
const ASSUMED_IMAGE_MB = 180;

/**
 * Makes a trace that the simulation replays.
 * @param begin start of the trace, and `end` its end, in milliseconds since 1970
 */
export function buildTrace(
  pipelines: readonly LoggedPipeline[],
  config: FleetConfig,
  settings: FleetSettings,
  { begin, end }: { begin: number; end: number },
): Trace {
  let jobs = 0;
  const toJob = (attempts: readonly LoggedJob[], isLastStage: boolean): JobTrace[] => {
    const last = attempts.at(-1);
    if (last === undefined) return [];
    jobs += 1;
    return [{ id: jobs, ...describeJob(last, config), attempts: attemptsOf(attempts, isLastStage) }];
  };
  const toPipeline = ({ at, stages }: LoggedPipeline, index: number): PipelineTrace => {
    const first = stages[0]?.[0]?.[0];
    return {
      id: index + 1,
      project: `${first?.projectId}`,
      isProtected: PROTECTED_REFS.has(first?.ref ?? ''),
      at: at - begin,
      stages: stages.map((stage, number) =>
        stage.flatMap((attempts) => toJob(attempts, number === stages.length - 1)),
      ),
    };
  };
  return {
    name: config.name,
    seed: undefined,
    pipelines: pipelines.map(toPipeline),
    settings,
    // Managers really start without knowledge, too. So nothing is left out to train the forecast.
    measuredFrom: 0,
    endsAt: end - begin,
  };
}

function describeJob(job: LoggedJob, config: FleetConfig) {
  const { jobName: name, cpu, memory, architecture, capacityProvider } = job;
  return {
    name,
    shape: shapeOf(job),
    cpu,
    memory,
    imageMb: ASSUMED_IMAGE_MB,
    imageMoves: false,
    placement: { architecture, capacityProvider },
    mayStartAhead: mayStartAhead(job.image, config),
    tailSeconds: 0,
  };
}

function attemptsOf(attempts: readonly LoggedJob[], isLastStage: boolean): JobTrace['attempts'] {
  return attempts.map(({ startedAt, endedAt, succeeded }, index) => {
    const isLast = index === attempts.length - 1;
    return {
      seconds: (endedAt - startedAt) / 1000,
      // A retried attempt had failed. A failure before the last stage did not end the pipeline, so it counts as a success.
      succeeded: isLast && (succeeded || !isLastStage),
    };
  });
}

/** Whether a manager starts tasks of an image ahead, as far as the logs tell. */
export function mayStartAhead(image: string, fleet: Pick<FleetConfig, 'ahead' | 'job'>): boolean {
  return (fleet.job.taskRoleArn === undefined || fleet.ahead.withTaskRole) && isComparable(image, fleet);
}
