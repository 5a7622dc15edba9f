import type {
  GitLabDouble,
  Job,
  PipelineDefinition,
  Project,
  VariableDefinitions,
} from '@serverless-gitlab-runner/gitlab-double';

/** A pipeline whose scripts do nothing but take time. */
export interface StagedPipeline {
  /** Names of the jobs, stage by stage. */
  stages: readonly (readonly string[])[];
  /** Duration of each script in seconds. */
  scriptSeconds: number;
  /** Tag of the runner that takes the jobs. */
  tag: string;
  /** Variables of single jobs, by name. Default: none. */
  jobVariables?: Readonly<Record<string, VariableDefinitions>>;
}

/** What a pipeline's jobs waited, in seconds. */
export interface PipelineWait {
  /** From queued to the first line of the script: each stage's slowest job, all stages together. */
  seconds: number;
  /** The slowest job's, stage by stage. */
  byStage: readonly number[];
}

/** The first command of scripts, which prints the time in seconds since 1970, and its line. */
export const PRINT_FIRST_LINE = 'echo "the script started at $(date +%s.%N)"';
export const FIRST_LINE = /^the script started at (\d+\.\d+)$/m;

export function definePipeline({
  stages,
  scriptSeconds,
  tag,
  jobVariables = {},
}: StagedPipeline): PipelineDefinition {
  const stageOf = (index: number) => `stage-${index + 1}`;
  return {
    stages: stages.map((_, index) => stageOf(index)),
    variables: { FF_TIMESTAMPS: 'false' },
    jobs: stages.flatMap((names, index) =>
      names.map((name) => ({
        name,
        stage: stageOf(index),
        tags: [tag],
        variables: jobVariables[name] ?? {},
        script: [PRINT_FIRST_LINE, `sleep ${scriptSeconds}`],
      })),
    ),
  };
}

/**
 * Runs a pipeline to its end.
 * @throws {Error} if a job does not succeed
 */
export async function runPipeline(
  gitlab: GitLabDouble,
  project: Project,
  pipeline: StagedPipeline,
  timeoutMs: number,
): Promise<PipelineWait> {
  const { id, jobs } = await gitlab.createPipeline(project, definePipeline(pipeline));
  await gitlab.waitForPipeline(id, undefined, timeoutMs);
  return waitOf(jobs, pipeline);
}

/** Adds up the waits of a finished pipeline. */
export function waitOf(
  jobs: readonly Pick<Job, 'name' | 'status' | 'queuedAt' | 'trace'>[],
  { stages }: Pick<StagedPipeline, 'stages'>,
): PipelineWait {
  const secondsOf = (name: string) => {
    const job = jobs.find((each) => each.name === name);
    if (job?.status !== 'success') throw new Error(`job ${name} is ${job?.status ?? 'missing'}`);
    const [, started] = FIRST_LINE.exec(job.trace.text) ?? [];
    if (started === undefined || job.queuedAt === null)
      throw new Error(`the log of job ${name} has no first line of its script:\n${job.trace.text}`);
    return Number(started) - job.queuedAt.getTime() / 1000;
  };
  const byStage = stages.map((names) => Math.max(...names.map(secondsOf)));
  return { seconds: byStage.reduce((sum, seconds) => sum + seconds, 0), byStage };
}
