import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import type { DemoPipeline } from './pipelines.ts';

/** A job of the demo with its pipeline and its task. */
export interface DemoJob {
  pipeline: DemoPipeline;
  pipelineNumber: number;
  job: Job;
  task: ObservedTask | undefined;
  /** Expectations that do not hold, in sentences. */
  problems: string[];
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

/** Makes the content of `reports/demo.json` from what GitLab, ECS and Docker reported. */
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

/** Checks the demo as a whole. Returns a sentence for each problem. */
export function problemsOfReport(report: DemoReport): string[] {
  const problems: string[] = [];
  if (report.managersStarted !== 1)
    problems.push(`${report.managersStarted} managers started, expected one for all jobs`);
  if (report.peakJobTasks < 3)
    problems.push(`at most ${report.peakJobTasks} job tasks ran concurrently, expected at least 3`);
  if (!report.drainedByTag) problems.push('the manager was not drained by tag, or did not exit by itself');
  if (report.tasksLeft !== 0) problems.push(`${report.tasksLeft} tasks are left in ECS`);
  if (report.containersLeft !== 0)
    problems.push(`${report.containersLeft} task containers are left in Docker`);
  return problems;
}

/** Start of the job's own script. The runner writes it, in whole seconds, into the section marker of the log. */
export function scriptStart(job: Job): Date | null {
  const section = job.sections().find(({ name }) => name === 'step_script' || name === 'build_script');
  return section?.startedAt ?? null;
}

/** Whether the manager was drained by the reaper's tag and then exited by itself with code 0, without a StopTask. */
function leftByItself(manager: ObservedTask): boolean {
  const succeeded = manager.exitCodes.every((code) => code === 0);
  return manager.drainedAt !== undefined && manager.stopCode === 'EssentialContainerExited' && succeeded;
}

/** Maximum number of tasks that ran at the same time. */
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
