import type { Job, Pipeline } from '@serverless-gitlab-runner/gitlab-double';
import { isStartedAhead, type ObservedTask } from '../../system/observe-tasks.ts';
import type { CaseContext, ConformanceCase, JobFacts, Suite } from './conformance-case.ts';
import type { ConformanceEnvironment } from './conformance-environment.ts';
import { secondsOf } from './expectations.ts';
import { readArchive } from './read-archive.ts';
import { PIPELINE_TIMEOUT_MS, startPipeline } from './start-pipeline.ts';

const LOG_TIMEOUT_MS = 12 * 60_000;
/** Milliseconds after a pipeline's end in which its last task must have stopped. */
const STOP_TIMEOUT_MS = 60_000;

/** An entry of `reports/conformance.json`. */
export interface CaseResult {
  keyword: string;
  case: string;
  status: 'pass' | 'fail';
  seconds: number;
  /** The problems of a failed case; of a passed case what to use instead, if it is not supported, else empty. */
  why: string;
}

/** The outcome of a suite: a result for each case, and its jobs, whose logs are written to the report. */
export interface SuiteOutcome {
  results: CaseResult[];
  jobs: readonly Job[];
}

/** Runs the chosen cases of a suite: one repository, one pipeline. */
export async function runSuite(
  environment: ConformanceEnvironment,
  suite: Suite,
  cases: readonly ConformanceCase[],
): Promise<SuiteOutcome> {
  let pipeline: Pipeline;
  try {
    pipeline = await startPipeline(environment, suite, cases);
  } catch (error) {
    const why = `the pipeline could not be started: ${error}`;
    return { results: cases.map((each) => failed(each, why)), jobs: [] };
  }
  const during = cases.map(async (each) => each.during?.(caseContext(environment, pipeline)));
  const settled = Promise.allSettled(during);
  const timeout = await environment.gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  const duringResults = await settled;
  await environment.observer
    .waitUntil('the tasks of a pipeline to stop', STOP_TIMEOUT_MS, (tasks) =>
      tasks.filter((task) => isOf(task, pipeline)).every((task) => task.lastStatus === 'STOPPED'),
    )
    .catch(() => undefined);
  const results = cases.map(async (each, index) => {
    const result = duringResults[index];
    const problems =
      result?.status === 'rejected' ? [`the action during the jobs failed: ${result.reason}`] : [];
    return checkCase(environment, pipeline, each, timeout === undefined ? problems : [...problems, timeout]);
  });
  return { results: await Promise.all(results), jobs: pipeline.jobs };
}

function failed({ keyword, name }: ConformanceCase, why: string): CaseResult {
  return { keyword, case: name, status: 'fail', seconds: 0, why };
}

function caseContext(
  { gitlab, system, emulator, observer, privateRegistry }: ConformanceEnvironment,
  pipeline: Pipeline,
): CaseContext {
  const { endpoint } = emulator;
  const job = (name: string) => {
    const found = pipeline.jobs.findLast((each) => each.name === name);
    if (found === undefined) throw new Error(`the pipeline has no job ${name}`);
    return found;
  };
  return {
    gitlab,
    system,
    endpoint,
    openRegistry: privateRegistry.open,
    pipeline,
    job,
    tasksOf: ({ id }) => observer.tasks.filter(({ jobId }) => jobId === id),
    managers: (fleet) => observer.tasks.filter((task) => task.role === 'manager' && task.fleet === fleet),
    untilLogged: (name, text) =>
      gitlab.waitForJob(
        job(name).id,
        (each) => each.finished || each.trace.bytes.includes(text),
        LOG_TIMEOUT_MS,
      ),
    untilTask: async (name, lastStatus) => {
      const { id } = job(name);
      const find = (tasks: readonly ObservedTask[]) =>
        tasks.find((task) => task.jobId === id && task.lastStatus === lastStatus);
      const exists = (tasks: readonly ObservedTask[]) => find(tasks) !== undefined;
      await observer.waitUntil(`the task of ${name} to be ${lastStatus}`, LOG_TIMEOUT_MS, exists);
      const found = find(observer.tasks);
      if (found === undefined) throw new Error(`the task of ${name} is no longer ${lastStatus}`);
      return found;
    },
    untilWaitingTask: (fleet) =>
      observer.waitUntil('a task that was started ahead', LOG_TIMEOUT_MS, (tasks) =>
        tasks.some((task) => task.fleet === fleet && isStartedAhead(task)),
      ),
  };
}

async function checkCase(
  environment: ConformanceEnvironment,
  pipeline: Pipeline,
  each: ConformanceCase,
  problems: string[],
): Promise<CaseResult> {
  let seconds = 0;
  for (const [name, expectations] of Object.entries(each.jobs)) {
    const facts = await readFacts(environment, pipeline, name);
    seconds = Math.max(seconds, secondsOf(facts));
    const found = [...logProblems(facts), ...taskProblems(facts)];
    for (const expectation of expectations) found.push(...(await expectation(facts)));
    problems.push(...found.map((sentence) => `${name}: ${sentence}`));
  }
  const instead = each.notSupported ?? '';
  return {
    keyword: each.keyword,
    case: each.name,
    status: problems.length === 0 ? 'pass' : 'fail',
    seconds: Math.round(seconds * 10) / 10,
    why: problems.length === 0 ? instead : problems.join('; '),
  };
}

async function readFacts(
  { observer }: ConformanceEnvironment,
  pipeline: Pipeline,
  name: string,
): Promise<JobFacts> {
  const attempts = pipeline.jobs.filter((each) => each.name === name);
  const job = attempts.at(-1);
  if (job === undefined) throw new Error(`the pipeline has no job ${name}`);
  const tasks = observer.tasks.filter((task) => task.jobId === job.id);
  return { job, log: job.trace.bytes, task: tasks[0], tasks, attempts, files: await readArchive(job) };
}

/** Applies to every job: it has ended, and its log has the checksum that the runner sent. */
function logProblems({ job }: JobFacts): string[] {
  const invalid =
    job.traceDecision === 'invalid' ? ['the log does not match the checksum of the runner'] : [];
  return job.finished ? invalid : [`the job is still ${job.status}`];
}

/** Applies to every job: at most one task, which has stopped. After a system failure the runner itself retries twice. */
function taskProblems({ job, tasks }: JobFacts): string[] {
  const max = job.failureReason === 'runner_system_failure' ? 3 : 1;
  const left = tasks.filter((task) => task.lastStatus !== 'STOPPED');
  return [
    ...(tasks.length > max ? [`the job has ${tasks.length} tasks in ECS, expected at most ${max}`] : []),
    ...left.map((task) => `its task is still ${task.lastStatus}`),
  ];
}

function isOf(task: ObservedTask, pipeline: Pipeline): boolean {
  return pipeline.jobs.some((job) => job.id === task.jobId);
}
