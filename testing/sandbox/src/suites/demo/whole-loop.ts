import type { Emulator } from '@serverless-gitlab-runner/aws-emulator';
import { taskContainers } from '@serverless-gitlab-runner/aws-emulator';
import type { GitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import { type Cleanup, type Log, step } from '@serverless-gitlab-runner/machine';
import type { System } from '../../system/deploy-system.ts';
import { type ObservedTask, readTasks } from '../../system/observe-tasks.ts';
import type { PreparedMachine } from '../../system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../system/test-environment.ts';
import { DEMO_PIPELINES } from './pipelines.ts';
import { logGitLabEvent, logTaskChange } from './progress-lines.ts';
import { type DemoJob, type DemoReport, makeReport } from './report.ts';
import type { Stopwatch } from './stopwatch.ts';

/** Shorter than a fleet's defaults, so that the demo is back at zero within seconds instead of minutes. */
const DEMO_FLEET = {
  manager: { idleSeconds: 10, checkIntervalSeconds: 1, drainPollSeconds: 1 },
  job: { size: { cpu: 256, memory: 512 } },
} as const;

const JOBS_TIMEOUT_MS = 8 * 60_000;
const ZERO_TIMEOUT_MS = 4 * 60_000;

export interface WholeLoopOptions {
  log: Log;
  cleanup: Cleanup;
  signal: AbortSignal;
  machine: PreparedMachine;
  /** Started with the set-up. */
  clock: Stopwatch;
  /** Called before the first webhook. */
  onReady?: (environment: TestEnvironment) => Promise<void>;
}

/** What GitLab, ECS and Docker saw, from the first webhook back to zero. */
export interface WholeLoop {
  report: DemoReport;
  jobs: DemoJob[];
  tasks: ObservedTask[];
  protocolErrors: GitLabDouble['protocolErrors'];
  gitlab: GitLabDouble;
  system: System;
  /** With everything that was deployed and ran, until it is cleaned up. */
  emulator: Emulator;
}

/** Deploys the real stacks to the emulator, runs five pipelines by webhook, and waits until the manager has been drained. */
export async function runWholeLoop({
  log,
  cleanup,
  signal,
  machine,
  clock,
  onReady,
}: WholeLoopOptions): Promise<WholeLoop> {
  log(`Manager settings, shortened for the demo: ${JSON.stringify(DEMO_FLEET.manager)}`);
  let setup = 0;
  const environment = await startTestEnvironment({
    log,
    cleanup,
    machine,
    signal,
    onTaskChange: logTaskChange(log),
    runner: { description: 'the default fleet' },
    fleets: async () => {
      setup = clock.lap();
      return { fleet: DEMO_FLEET };
    },
  });
  const { gitlab, system, observer } = environment;
  await onReady?.(environment);
  const deploy = clock.lap();

  gitlab.subscribe(logGitLabEvent(log));
  const started = await step(log, 'Five pipelines', () => runPipelines(gitlab, system));
  const jobsSeconds = clock.lap();

  await step(log, 'Scaling back to zero: the reaper drains the manager', () =>
    observer.waitUntil(
      'every task to stop',
      ZERO_TIMEOUT_MS,
      (seen) => seen.length > 0 && seen.every(isStopped),
    ),
  );
  const toZero = clock.lap();
  await observer.stop();

  const tasks = observer.tasks;
  const jobs = started.map((entry) => checkJob(entry, tasks));
  const left = (await readTasks(system.ecs, system.outputs.ClusterArn)).filter((task) => !isStopped(task));
  const report = makeReport({
    jobs,
    tasks,
    defaultImage: system.defaultImage,
    tasksLeft: left.length,
    containersLeft: (await taskContainers(machine.runId)).length,
    seconds: { setup, deploy, jobs: jobsSeconds, toZero },
  });
  return {
    report,
    jobs,
    tasks,
    protocolErrors: gitlab.protocolErrors,
    gitlab,
    system,
    emulator: environment.emulator,
  };
}

type StartedJob = Omit<DemoJob, 'task' | 'problems'>;

/** Pushes a commit and creates a pipeline for each of the demo's pipelines. Resolves once all have ended. */
async function runPipelines(gitlab: GitLabDouble, system: System): Promise<StartedJob[]> {
  const project = await gitlab.createProject({ path: 'demo/shop' });
  gitlab.addWebhook({ url: system.webhookUrl, token: system.webhookSecret, projectId: project.id });
  const started: StartedJob[] = [];
  for (const [index, demo] of DEMO_PIPELINES.entries()) {
    await gitlab.pushCommit(project, { files: demo.files, message: demo.title });
    const pipeline = await gitlab.createPipeline(project, demo.pipeline);
    for (const job of pipeline.jobs) started.push({ pipeline: demo, pipelineNumber: index + 1, job });
  }
  const pipelines = new Set(started.map(({ job }) => job.pipeline));
  await Promise.all([...pipelines].map(({ id }) => gitlab.waitForPipeline(id, undefined, JOBS_TIMEOUT_MS)));
  return started;
}

function checkJob(started: StartedJob, tasks: readonly ObservedTask[]): DemoJob {
  const { job } = started;
  const task = tasks.find(({ jobId }) => jobId === job.id);
  const log = job.trace.bytes;
  const expectations = started.pipeline.expectations[job.name] ?? [];
  return {
    ...started,
    task,
    problems: expectations.flatMap((expectation) => expectation({ job, log, task })),
  };
}

function isStopped(task: ObservedTask): boolean {
  return task.lastStatus === 'STOPPED';
}
