import { readFileSync } from 'node:fs';
import {
  DAY,
  type JobTrace,
  type PipelineTrace,
  PROTECTED_REFS,
  type Trace,
} from '@serverless-gitlab-runner/simulation';
import * as z from 'zod';
import { TEAMS } from './synthetic-team.ts';

/** The file is not a valid trace. The message says where and why. */
export class InvalidTraceError extends Error {
  override readonly name = 'InvalidTraceError';
}

const timeSchema = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/**
 * The fields read from a job of GitLab's jobs API.
 * @see https://docs.gitlab.com/api/jobs/
 */
const jobSchema = z.object({
  id: z.int().positive(),
  name: z.string().min(1),
  stage: z.string().min(1),
  status: z.string(),
  ref: z.string().nullish(),
  tag: z.boolean().nullish(),
  created_at: timeSchema,
  started_at: timeSchema.nullish(),
  /** In seconds. */
  duration: z.number().nonnegative().nullish(),
  pipeline: z.object({ id: z.int().positive(), project_id: z.int().positive().optional() }),
});
type GitLabJob = z.infer<typeof jobSchema>;

/** The jobs API returns neither sizes nor images. */
const ASSUMED_TASK = { cpu: 1024, memory: 2048, imageMb: 180, imageMoves: false };
/** The API's `duration` includes after_script, cache and artifacts. */
const TAIL_SECONDS = 0;
/** Fraction of the trace that only trains the forecast and is not measured. */
const WARM_UP_FRACTION = 0.1;

/**
 * Reads a trace from a file: a JSON array of jobs as returned by `GET /projects/:id/jobs?include_retried=true`, the pages of
 * one or more projects concatenated.
 * @throws {InvalidTraceError}
 */
export function readGitLabTrace(path: string): Trace {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidTraceError(`cannot read ${path}`, { cause: error });
  }
  return parseGitLabTrace(text, path);
}

/** @throws {InvalidTraceError} */
export function parseGitLabTrace(text: string, name: string): Trace {
  const jobs = parseJobs(text, name).filter(
    ({ started_at, duration }) => started_at != null && duration != null,
  );
  const begin = Math.floor(Math.min(...jobs.map(({ created_at }) => created_at)) / DAY) * DAY;
  const byPipeline = Map.groupBy(jobs, ({ pipeline }) => pipeline.id);
  const ids = { job: 0, pipeline: 0 };
  const pipelines = [...byPipeline.values()]
    .map((ofPipeline) => toPipeline(ofPipeline, begin, ids))
    .sort((one, other) => one.at - other.at);
  const last = pipelines.at(-1);
  const settings = TEAMS['50']?.settings;
  if (last === undefined || settings === undefined)
    throw new InvalidTraceError(`${name} contains no job with started_at and duration`);
  const first = pipelines[0]?.at ?? 0;
  return {
    name,
    seed: undefined,
    pipelines,
    settings,
    measuredFrom: first + (last.at - first) * WARM_UP_FRACTION,
    endsAt: last.at,
  };
}

function parseJobs(text: string, name: string): GitLabJob[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidTraceError(`${name} is not valid JSON`, { cause: error });
  }
  const parsed = z.array(jobSchema).safeParse(value);
  if (!parsed.success) {
    throw new InvalidTraceError(
      `${name} is not a list of jobs of GitLab's jobs API:\n${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

function toPipeline(
  jobs: readonly GitLabJob[],
  begin: number,
  ids: { job: number; pipeline: number },
): PipelineTrace {
  const sorted = jobs.toSorted((one, other) => one.id - other.id);
  const [first] = sorted;
  if (first === undefined) throw new RangeError('a pipeline needs at least one job');
  ids.pipeline += 1;
  // GitLab creates a pipeline's jobs stage by stage. Retries have higher ids than all of them.
  const stages = [...Map.groupBy(sorted, ({ stage }) => stage).values()].map((ofStage) =>
    [...Map.groupBy(ofStage, ({ name }) => name).values()].map((jobs) => toJob(jobs, ids)),
  );
  return {
    id: ids.pipeline,
    project: `${first.pipeline.project_id ?? 'project'}`,
    isProtected: first.tag === true || PROTECTED_REFS.has(first.ref ?? ''),
    at: Math.min(...sorted.map(({ created_at }) => created_at)) - begin,
    stages: ignoreToleratedFailures(stages),
  };
}

function toJob(jobs: readonly GitLabJob[], ids: { job: number }): JobTrace {
  ids.job += 1;
  const last = jobs.length - 1;
  const attempts = jobs.map(({ duration, status }, index) => ({
    seconds: duration ?? 0,
    // A retried attempt had failed, whatever its status says.
    succeeded: status === 'success' && index === last,
  }));
  const name = jobs[0]?.name ?? '';
  return {
    id: ids.job,
    name,
    shape: `image of ${name}`,
    ...ASSUMED_TASK,
    tailSeconds: TAIL_SECONDS,
    attempts,
  };
}

/** A failure before the last stage did not end the pipeline (`when: always`, `allow_failure`), so it counts as a success. */
function ignoreToleratedFailures(stages: JobTrace[][]): JobTrace[][] {
  return stages.map((stage, index) =>
    index === stages.length - 1
      ? stage
      : stage.map((job) => ({ ...job, attempts: job.attempts.map(withFinalSuccess) })),
  );
}

function withFinalSuccess(
  attempt: JobTrace['attempts'][number],
  index: number,
  attempts: JobTrace['attempts'],
): JobTrace['attempts'][number] {
  return index === attempts.length - 1 ? { ...attempt, succeeded: true } : attempt;
}
