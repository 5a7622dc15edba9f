import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { DAY } from '../model.ts';
import { TEAMS } from './synthetic-team.ts';
import type { JobTrace, PipelineTrace, Trace } from './trace.ts';

/** The file cannot be used. The message says where and why. */
export class InvalidTraceError extends Error {
  override readonly name = 'InvalidTraceError';
}

const timeSchema = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/**
 * A job as GitLab's API lists it, as far as it is read.
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
  /** Seconds that it ran. */
  duration: z.number().nonnegative().nullish(),
  pipeline: z.object({ id: z.int().positive(), project_id: z.int().positive().optional() }),
});
type GitLabJob = z.infer<typeof jobSchema>;

/** Branches that are taken to be protected: the API's list of jobs does not say. */
const PROTECTED_REFS = new Set(['main', 'master', 'production']);
/** Neither sizes nor images are in the API's answer. */
const ASSUMED_TASK = { cpu: 1024, memory: 2048, imageMb: 180, imageMoves: false };
/** The API's `duration` has after_script, cache and artifacts in it. */
const TAIL_SECONDS = 0;
/** The first tenth of the time only teaches. */
const TEACHING_PART = 0.1;

/**
 * Reads a trace from a file: a JSON array of jobs as `GET /projects/:id/jobs?include_retried=true` answers, the pages of one or
 * more projects one after the other.
 * @throws {InvalidTraceError}
 */
export function readGitLabTrace(path: string): Trace {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidTraceError(`${path} cannot be read`, { cause: error });
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
    throw new InvalidTraceError(`${name} has no job that ran: jobs need started_at and duration`);
  const first = pipelines[0]?.at ?? 0;
  return {
    name,
    seed: undefined,
    pipelines,
    settings,
    measuredFrom: first + (last.at - first) * TEACHING_PART,
    endsAt: last.at,
  };
}

function parseJobs(text: string, name: string): GitLabJob[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidTraceError(`${name} is not JSON`, { cause: error });
  }
  const parsed = z.array(jobSchema).safeParse(value);
  if (!parsed.success) {
    throw new InvalidTraceError(
      `${name} is not a list of jobs as GitLab's API answers:\n${z.prettifyError(parsed.error)}`,
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
  if (first === undefined) throw new RangeError('a pipeline has a job at least');
  ids.pipeline += 1;
  // GitLab creates a pipeline's jobs stage by stage; retried ones have later ids than all of them.
  const stages = [...Map.groupBy(sorted, ({ stage }) => stage).values()].map((ofStage) =>
    [...Map.groupBy(ofStage, ({ name }) => name).values()].map((tries) => toJob(tries, ids)),
  );
  return {
    id: ids.pipeline,
    project: `${first.pipeline.project_id ?? 'project'}`,
    isProtected: first.tag === true || PROTECTED_REFS.has(first.ref ?? ''),
    at: Math.min(...sorted.map(({ created_at }) => created_at)) - begin,
    stages: untilFailure(stages),
  };
}

function toJob(tries: readonly GitLabJob[], ids: { job: number }): JobTrace {
  ids.job += 1;
  const last = tries.length - 1;
  const attempts = tries.map(({ duration, status }, index) => ({
    seconds: duration ?? 0,
    // What was retried had failed, whatever its status says now.
    succeeded: status === 'success' && index === last,
  }));
  const name = tries[0]?.name ?? '';
  return {
    id: ids.job,
    name,
    shape: `image of ${name}`,
    ...ASSUMED_TASK,
    tailSeconds: TAIL_SECONDS,
    attempts,
  };
}

/** Stages after a failed one ran in spite of it (`when: always`, `allow_failure`): their jobs' failures are taken for success. */
function untilFailure(stages: JobTrace[][]): JobTrace[][] {
  return stages.map((stage, index) =>
    index === stages.length - 1
      ? stage
      : stage.map((job) => ({ ...job, attempts: job.attempts.map(succeedAtLast) })),
  );
}

function succeedAtLast(
  attempt: JobTrace['attempts'][number],
  index: number,
  attempts: JobTrace['attempts'],
): JobTrace['attempts'][number] {
  return index === attempts.length - 1 ? { ...attempt, succeeded: true } : attempt;
}
