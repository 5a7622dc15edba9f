import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import type { DemoPipeline } from './pipelines.ts';

/** A job of the demo with where it came from and where it ran. */
export interface DemoJob {
  pipeline: DemoPipeline;
  pipelineNumber: number;
  job: Job;
  task: ObservedTask | undefined;
  /** What of its expectations does not hold. */
  wrong: string[];
}

export interface DemoSeconds {
  setup: number;
  deploy: number;
  jobs: number;
  toZero: number;
}

export interface DemoReport {
  jobs: {
    pipeline: number;
    name: string;
    image: string;
    status: string;
    failureReason: string | null;
    exitCode: number | null;
    queuedAt: string | null;
    scriptAt: string | null;
    finishedAt: string | null;
    taskArn: string | null;
  }[];
  managersStarted: number;
  peakJobTasks: number;
  drainedByTag: boolean;
  tasksLeft: number;
  containersLeft: number;
  seconds: DemoSeconds;
}

export interface Measured {
  jobs: readonly DemoJob[];
  tasks: readonly ObservedTask[];
  defaultImage: string;
  tasksLeft: number;
  containersLeft: number;
  seconds: DemoSeconds;
}

/** Makes `reports/demo.json` from what the double, ECS and Docker told. */
export function makeReport({
  jobs,
  tasks,
  defaultImage,
  tasksLeft,
  containersLeft,
  seconds,
}: Measured): DemoReport {
  const managers = tasks.filter((task) => task.role === 'manager');
  return {
    jobs: jobs.map(({ pipelineNumber, job, task }) => ({
      pipeline: pipelineNumber,
      name: job.name,
      image: job.image ?? defaultImage,
      status: job.status,
      failureReason: job.failureReason,
      exitCode: job.exitCode,
      queuedAt: iso(job.queuedAt),
      scriptAt: iso(scriptStart(job)),
      finishedAt: iso(job.finishedAt),
      taskArn: task?.taskArn ?? null,
    })),
    managersStarted: managers.length,
    peakJobTasks: peakOf(tasks.filter((task) => task.role === 'job')),
    drainedByTag: managers.length > 0 && managers.every(leftByItself),
    tasksLeft,
    containersLeft,
    seconds,
  };
}

/** What of the demo as a whole is not as it must be, in sentences. */
export function wrongInReport(report: DemoReport): string[] {
  const wrong: string[] = [];
  if (report.managersStarted !== 1)
    wrong.push(`${report.managersStarted} managers were started, expected one for all jobs`);
  if (report.peakJobTasks < 3)
    wrong.push(`at most ${report.peakJobTasks} job tasks ran at once, expected at least 3`);
  if (!report.drainedByTag) wrong.push('the manager was not drained by its tag, or did not leave by itself');
  if (report.tasksLeft !== 0) wrong.push(`${report.tasksLeft} tasks are left in ECS`);
  if (report.containersLeft !== 0) wrong.push(`${report.containersLeft} task containers are left in Docker`);
  return wrong;
}

/** When the job's own script began: the runner writes the second of it into the log's section mark. */
export function scriptStart(job: Job): Date | null {
  const section = job.sections().find(({ name }) => name === 'step_script' || name === 'build_script');
  return section?.startedAt ?? null;
}

/** Drained by the reaper's tag, and ended by its own exit with code 0: nobody stopped it. */
function leftByItself(manager: ObservedTask): boolean {
  const exitedWell = manager.exitCodes.every((code) => code === 0);
  return manager.drainedAt !== undefined && manager.stopCode === 'EssentialContainerExited' && exitedWell;
}

/** The most tasks that were running at one moment. */
function peakOf(tasks: readonly ObservedTask[]): number {
  const starts = tasks.flatMap(({ startedAt }) => startedAt ?? []);
  const runningAt = (moment: Date) =>
    tasks.filter(
      ({ startedAt, stoppedAt }) => startedAt && startedAt <= moment && (!stoppedAt || stoppedAt > moment),
    );
  return Math.max(0, ...starts.map((moment) => runningAt(moment).length));
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
