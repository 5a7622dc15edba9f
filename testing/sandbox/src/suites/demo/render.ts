import Table from 'cli-table3';
import pc from 'picocolors';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import { type DemoJob, type DemoReport, scriptStart } from './report.ts';

const BAR_WIDTH = 60;

/** Renders the demo's result: a table of jobs, a timeline of tasks, and totals. */
export function renderDemo(
  report: DemoReport,
  jobs: readonly DemoJob[],
  tasks: readonly ObservedTask[],
): string {
  const { seconds } = report;
  const total = Object.entries(seconds).map(([name, value]) => `${name} ${value.toFixed(1)} s`);
  return [
    '',
    pc.bold('Jobs'),
    renderJobs(jobs, report),
    '',
    pc.bold('Managers and job tasks, from the first job back to zero'),
    ...renderTimeline(tasks, jobs),
    '',
    `${plural(report.managersStarted, 'manager')} started, at most ${report.peakJobTasks} concurrent job tasks, ` +
      `${report.drainedByTag ? 'drained by tag' : pc.red('not drained by tag')}, ` +
      `${plural(report.tasksLeft, 'task')} and ${plural(report.containersLeft, 'container')} left`,
    total.join(' · '),
  ].join('\n');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function renderJobs(jobs: readonly DemoJob[], report: DemoReport): string {
  const head = ['#', 'job', 'image', 'status', 'queued → script', 'task size', 'checks'];
  const table = new Table({ head, style: { head: pc.isColorSupported ? ['bold'] : [], border: [] } });
  jobs.forEach(({ pipelineNumber, job, task, problems }, index) => {
    table.push([
      String(pipelineNumber),
      job.name,
      report.jobs[index]?.image ?? '',
      statusOf(job.status, job.failureReason, job.exitCode),
      waitOf(job.queuedAt, scriptStart(job)),
      task ? `${task.cpu / 1024} vCPU, ${task.memory / 1024} GiB` : '-',
      problems.length === 0 ? pc.green('passed') : pc.red(problems.join('\n')),
    ]);
  });
  return table.toString();
}

function statusOf(status: string, reason: string | null, exitCode: number | null): string {
  if (status === 'success') return pc.green(status);
  const details = [reason, exitCode === null ? null : `exit ${exitCode}`].filter((detail) => detail !== null);
  return pc.yellow([status, ...details].join(', '));
}

function waitOf(from: Date | null, to: Date | null): string {
  // The runner reports the script's start in whole seconds, so the difference can be negative by less than one second.
  return from && to ? `${Math.max(0, (to.getTime() - from.getTime()) / 1000).toFixed(0)} s` : '-';
}

/** Renders a row for each task: dots while it starts, a bar while it runs. */
function renderTimeline(tasks: readonly ObservedTask[], jobs: readonly DemoJob[]): string[] {
  const known = tasks.filter((task) => task.createdAt).sort((a, b) => time(a.createdAt) - time(b.createdAt));
  const queued = jobs.flatMap(({ job }) => job.queuedAt ?? []).map((date) => date.getTime());
  const begin = Math.min(...queued, ...known.map((task) => time(task.createdAt)));
  const end = Math.max(...known.map((task) => time(task.stoppedAt ?? new Date())));
  const column = (moment: number) => Math.round(((moment - begin) / Math.max(end - begin, 1)) * BAR_WIDTH);
  const names = new Map(jobs.flatMap(({ job, task }) => (task ? [[task.taskArn, job.name]] : [])));
  const rows = known.map((task) => {
    const created = column(time(task.createdAt));
    const started = column(time(task.startedAt ?? task.stoppedAt ?? new Date()));
    const stopped = Math.max(column(time(task.stoppedAt ?? new Date())), started + 1);
    const bar = `${' '.repeat(created)}${'·'.repeat(Math.max(0, started - created))}${'█'.repeat(stopped - started)}`;
    const paint = task.role === 'manager' ? pc.blue : pc.cyan;
    const name = task.role === 'manager' ? 'manager' : `  ${names.get(task.taskArn) ?? 'job task'}`;
    return `${name.padEnd(14)} ${paint(bar.padEnd(BAR_WIDTH + 1))} ${duration(task)}`;
  });
  const axis = `${' '.repeat(15)}0 s${`${((end - begin) / 1000).toFixed(0)} s`.padStart(BAR_WIDTH - 3)}`;
  return [...rows, pc.dim(axis), pc.dim(`${' '.repeat(15)}· starting  █ running`)];
}

function duration(task: ObservedTask): string {
  return task.startedAt && task.stoppedAt
    ? `${((time(task.stoppedAt) - time(task.startedAt)) / 1000).toFixed(0)} s`
    : '';
}

function time(date: Date | undefined): number {
  return date?.getTime() ?? 0;
}
