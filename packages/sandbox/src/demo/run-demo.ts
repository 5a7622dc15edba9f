import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GitLabDouble, startGitLabDouble } from '../gitlab-double/index.ts';
import type { CommandContext } from '../setup/command.ts';
import { logToStderr, step } from '../setup/progress.ts';
import { REPOSITORY_ROOT } from '../setup/repository-root.ts';
import { deploySystem, type System } from '../system/deploy-system.ts';
import { prepareMachine } from '../system/prepare-machine.ts';
import { startEmulatorFor } from '../system/start-emulator.ts';
import { taskContainers } from '../system/task-containers.ts';
import { type ObservedTask, readTasks, TaskObserver } from './observe-tasks.ts';
import { DEMO_PIPELINES } from './pipelines.ts';
import { logGitLabEvent, logTaskChange } from './progress-lines.ts';
import { type DemoJob, makeReport, wrongInReport } from './report.ts';
import { renderScreen } from './screen.ts';

/** Shorter than a fleet's defaults, so that one need not wait minutes to see zero. */
const DEMO_FLEET = {
  manager: { idleSeconds: 10, checkIntervalSeconds: 1, drainPollSeconds: 1 },
  job: { size: { cpu: 256, memory: 512 } },
} as const;

const JOBS_TIMEOUT_MS = 8 * 60_000;
const ZERO_TIMEOUT_MS = 4 * 60_000;

/** `npm run demo`: five pipelines through the whole system on this machine, and back to zero. */
export async function runDemo({ cleanup, signal }: CommandContext): Promise<number> {
  const log = logToStderr;
  const clock = stopwatch();
  const machine = await prepareMachine({ log, cleanup, demoImages: true });
  const emulator = await startEmulatorFor(log, cleanup, machine);
  const gitlab = await startGitLabDouble({ host: emulator.gatewayAddress });
  cleanup.add('the GitLab double', () => gitlab.stop());
  const setup = clock.lap();

  const runner = gitlab.createRunner({ description: 'the default fleet' });
  log(`Shorter than by default, for the demo: ${JSON.stringify(DEMO_FLEET.manager)}`);
  const system = await deploySystem({
    ...{ log, machine, emulator, signal, gitlabUrl: gitlab.url },
    ...{ runnerToken: runner.token, fleet: DEMO_FLEET },
  });
  const deploy = clock.lap();

  const observer = new TaskObserver(system.ecs, system.outputs.ClusterArn, logTaskChange(log));
  cleanup.add('the observer', () => observer.stop());
  gitlab.subscribe(logGitLabEvent(log));
  const started = await step(log, 'Five pipelines', () => runPipelines(gitlab, system));
  const jobsSeconds = clock.lap();

  await step(log, 'Back to zero: the reaper drains the manager', () =>
    observer.waitUntil('every task to stop', ZERO_TIMEOUT_MS, (tasks) => tasks.every(isStopped)),
  );
  const toZero = clock.lap();
  await observer.stop();

  const tasks = observer.tasks;
  const jobs = started.map((entry) => judge(entry, tasks));
  const left = (await readTasks(system.ecs, system.outputs.ClusterArn)).filter((task) => !isStopped(task));
  const report = makeReport({
    jobs,
    tasks,
    defaultImage: system.defaultImage,
    tasksLeft: left.length,
    containersLeft: (await taskContainers(machine.runId)).length,
    seconds: { setup, deploy, jobs: jobsSeconds, toZero },
  });
  writeReports(report, jobs);
  console.log(renderScreen(report, jobs, tasks));
  return tellVerdict([
    ...jobs.flatMap(({ job, wrong }) => wrong.map((sentence) => `${job.name}: ${sentence}`)),
    ...wrongInReport(report),
    ...gitlab.protocolErrors.map((error) => `GitLab refused ${error.method} ${error.path}: ${error.message}`),
  ]);
}

type StartedJob = Omit<DemoJob, 'task' | 'wrong'>;

/** Pushes a commit for each pipeline, creates it, and resolves once all have ended. */
async function runPipelines(gitlab: GitLabDouble, system: System): Promise<StartedJob[]> {
  const project = await gitlab.createProject({ path: 'demo/shop' });
  gitlab.addWebhook({ url: system.webhookUrl, token: system.webhookSecret, projectId: project.id });
  const started: StartedJob[] = [];
  for (const [index, demo] of DEMO_PIPELINES.entries()) {
    await gitlab.pushCommit(project, { files: demo.files, message: demo.title });
    const pipeline = await gitlab.createPipeline(project, demo.pipeline);
    for (const job of pipeline.jobs) {
      started.push({ title: demo.title, pipeline: demo, pipelineNumber: index + 1, job });
    }
  }
  const pipelines = new Set(started.map(({ job }) => job.pipeline));
  await Promise.all(
    [...pipelines].map((pipeline) => gitlab.waitForPipeline(pipeline.id, undefined, JOBS_TIMEOUT_MS)),
  );
  return started;
}

function judge(started: StartedJob, tasks: readonly ObservedTask[]): DemoJob {
  const { job } = started;
  const task = tasks.find(({ jobId }) => jobId === job.id);
  const log = job.trace.bytes;
  const expectations = started.pipeline.expectations[job.name] ?? [];
  return { ...started, task, wrong: expectations.flatMap((expectation) => expectation({ job, log, task })) };
}

function isStopped(task: ObservedTask): boolean {
  return task.lastStatus === 'STOPPED';
}

/** `reports/demo.json`, and each job's log as GitLab has it. */
function writeReports(report: object, jobs: readonly DemoJob[]): void {
  const logs = join(REPOSITORY_ROOT, 'reports/demo-logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  for (const { pipelineNumber, job } of jobs)
    writeFileSync(join(logs, `${pipelineNumber}-${job.name}.log`), job.trace.bytes);
  writeFileSync(join(REPOSITORY_ROOT, 'reports/demo.json'), `${JSON.stringify(report, null, 2)}\n`);
}

function tellVerdict(wrong: readonly string[]): number {
  console.log('');
  if (wrong.length === 0) {
    console.log('Everything is as it must be. Report: reports/demo.json; job logs: reports/demo-logs/');
    return 0;
  }
  console.log(`Not as it must be:\n${wrong.map((sentence) => `  - ${sentence}`).join('\n')}`);
  return 1;
}

/** Seconds since the last lap, to a tenth. */
function stopwatch(): { lap(): number } {
  let last = performance.now();
  return {
    lap() {
      const now = performance.now();
      const seconds = Math.round((now - last) / 100) / 10;
      last = now;
      return seconds;
    },
  };
}
