import type { Job, Pipeline } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import type { CaseContext, ConformanceCase, SeenJob, Suite } from './conformance-case.ts';
import type { ConformanceEnvironment } from './conformance-environment.ts';
import { secondsOf } from './expectations.ts';
import { readArchive } from './read-archive.ts';
import { PIPELINE_TIMEOUT_MS, startPipeline } from './start-pipeline.ts';

const LOG_TIMEOUT_MS = 12 * 60_000;
/** Milliseconds after a pipeline's end in which its last task must have stopped. */
const STOP_TIMEOUT_MS = 60_000;

/** A line of `reports/conformance.json`, with what the page tells besides. */
export interface CaseResult {
  keyword: string;
  case: string;
  status: 'pass' | 'fail';
  seconds: number;
  /** Why it failed; what the case shows otherwise. */
  why: string;
}

/** What a suite's run gives: a result for each case, and its jobs, whose logs are kept. */
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
    const why = `its pipeline could not be started: ${error}`;
    return { results: cases.map((each) => failed(each, why)), jobs: [] };
  }
  const acts = cases.map(async (each) => each.during?.(caseContext(environment, pipeline)));
  const actErrors = Promise.allSettled(acts);
  const timeout = await environment.gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  const failedDuring = await actErrors;
  await environment.observer
    .waitUntil('the tasks of a pipeline to stop', STOP_TIMEOUT_MS, (tasks) =>
      tasks.filter((task) => isOf(task, pipeline)).every((task) => task.lastStatus === 'STOPPED'),
    )
    .catch(() => undefined);
  const results = cases.map(async (each, index) => {
    const act = failedDuring[index];
    const wrong = act?.status === 'rejected' ? [`what was to happen did not: ${act.reason}`] : [];
    return judge(environment, pipeline, each, timeout === undefined ? wrong : [...wrong, timeout]);
  });
  return { results: await Promise.all(results), jobs: pipeline.jobs };
}

function failed({ keyword, name }: ConformanceCase, why: string): CaseResult {
  return { keyword, case: name, status: 'fail', seconds: 0, why };
}

function caseContext(
  { gitlab, system, emulator, observer }: ConformanceEnvironment,
  pipeline: Pipeline,
): CaseContext {
  const { endpoint } = emulator;
  const job = (name: string) => {
    const found = pipeline.jobs.findLast((each) => each.name === name);
    if (found === undefined) throw new Error(`the pipeline has no job ${name}`);
    return found;
  };
  return {
    ...{ gitlab, system, endpoint, pipeline, job },
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
      const isThere = (tasks: readonly ObservedTask[]) => find(tasks) !== undefined;
      await observer.waitUntil(`the task of ${name}`, LOG_TIMEOUT_MS, isThere);
      const found = find(observer.tasks);
      if (found === undefined) throw new Error(`the task of ${name} was gone again`);
      return found;
    },
  };
}

async function judge(
  environment: ConformanceEnvironment,
  pipeline: Pipeline,
  each: ConformanceCase,
  wrong: string[],
): Promise<CaseResult> {
  let seconds = 0;
  for (const [name, expectations] of Object.entries(each.jobs)) {
    const seen = await see(environment, pipeline, name);
    seconds = Math.max(seconds, secondsOf(seen));
    const found = [...tellUnfinished(seen), ...tellTasks(seen)];
    for (const expectation of expectations) found.push(...(await expectation(seen)));
    wrong.push(...found.map((sentence) => `${name}: ${sentence}`));
  }
  const fine = each.notSupported ?? '';
  return {
    keyword: each.keyword,
    case: each.name,
    status: wrong.length === 0 ? 'pass' : 'fail',
    seconds: Math.round(seconds * 10) / 10,
    why: wrong.length === 0 ? fine : wrong.join('; '),
  };
}

async function see({ observer }: ConformanceEnvironment, pipeline: Pipeline, name: string): Promise<SeenJob> {
  const attempts = pipeline.jobs.filter((each) => each.name === name);
  const job = attempts.at(-1);
  if (job === undefined) throw new Error(`the pipeline has no job ${name}`);
  const tasks = observer.tasks.filter((task) => task.jobId === job.id);
  return { job, log: job.trace.bytes, task: tasks[0], tasks, attempts, files: await readArchive(job) };
}

function tellUnfinished({ job }: SeenJob): string[] {
  const checked = job.traceDecision === 'invalid' ? ['the log is not the one that the runner sent'] : [];
  return job.finished ? checked : [`is still ${job.status}`];
}

/** True of every job: one task at most, and it is over. The runner itself prepares anew, twice, after a system failure. */
function tellTasks({ job, tasks }: SeenJob): string[] {
  const most = job.failureReason === 'runner_system_failure' ? 3 : 1;
  const left = tasks.filter((task) => task.lastStatus !== 'STOPPED');
  return [
    ...(tasks.length > most ? [`ECS saw ${tasks.length} tasks for it`] : []),
    ...left.map((task) => `its task is still ${task.lastStatus}`),
  ];
}

function isOf(task: ObservedTask, pipeline: Pipeline): boolean {
  return pipeline.jobs.some((job) => job.id === task.jobId);
}
