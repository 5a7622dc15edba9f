import { usd } from '../../page/format.js';
import { type Clients, createClients } from '../clients.ts';
import { csvLine } from '../csv.ts';
import { findInstallation } from '../installation.ts';
import { plainTable, shortenColumns } from '../plain-table.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { timesAsIso } from '../times-as-iso.ts';
import { CUT } from './cut-notice.ts';
import { type JobRun, projectName, waitedSeconds } from './job-run.ts';
import { readRuns } from './read-runs.ts';

interface JobsOptions {
  hours: number;
  /** Path or id. */
  project?: string;
  csv: boolean;
  json: boolean;
}

/** `sgr jobs`. */
export async function printJobs(
  { hours, project, csv, json }: JobsOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const now = terminal.now();
  const installation = await findInstallation(clients.cloudFormation);
  const runs = await readRuns(clients.logs, installation, now - hours * 3_600_000);
  const jobs = runs.jobs.filter(
    (run) => project === undefined || project === run.projectPath || project === `${run.projectId}`,
  );
  if (runs.isCut) terminal.printError(CUT);
  if (json) return terminal.print(JSON.stringify(jobs.map(jobEntity), timesAsIso, 2));
  const lines = csv
    ? csvOf(jobs)
    : renderJobs(jobs, { hours, now, columns: terminal.columns ?? DEFAULT_COLUMNS });
  for (const line of lines) terminal.print(line);
}

/** As JSON shows it. */
function jobEntity(run: JobRun) {
  const { queuedAt, startedAt, end, ...rest } = run;
  return {
    ...rest,
    queuedAt: isoTime(queuedAt),
    startedAt: isoTime(startedAt),
    waitedSeconds: waitedSeconds(run),
    ...(end && { ...end, at: undefined, endedAt: isoTime(end.at) }),
  };
}

function csvOf(jobs: readonly JobRun[]): string[] {
  const head = [
    'job_id',
    'project_id',
    'project',
    'ref',
    'name',
    'fleet',
    'queued_at',
    'started_at',
    'ended_at',
  ];
  return [
    csvLine([...head, 'waited_seconds', 'seconds', 'outcome', 'cost_usd']),
    ...jobs.map((run) =>
      csvLine([
        ...[run.jobId, run.projectId, run.projectPath, run.ref, run.jobName, run.fleet],
        ...[isoTime(run.queuedAt), isoTime(run.startedAt), isoTime(run.end?.at)],
        ...[waitedSeconds(run), run.end?.seconds, run.end?.outcome ?? 'running', run.end?.costUsd],
      ]),
    ),
  ];
}

interface Screen {
  hours: number;
  now: number;
  columns: number;
}

/** Project and name, which share what the other columns leave. */
const LONG_COLUMNS = [2, 3];

/** Renders jobs as lines of at most `columns` characters, at 80 or more. */
export function renderJobs(jobs: readonly JobRun[], { hours, now, columns }: Screen): string[] {
  if (jobs.length === 0) return [`No job has run within ${hours} h.`];
  const head = ['UTC', 'job', 'project', 'name', 'waited', 'ran', 'cost', 'task'];
  const rows = jobs.map((run) => [
    clock(run.startedAt ?? run.end?.at),
    `${run.jobId}`,
    projectName(run),
    run.jobName,
    seconds(waitedSeconds(run)),
    seconds(run.end?.seconds ?? (run.startedAt && (now - run.startedAt) / 1000)),
    run.end === undefined ? '' : usd(run.end.costUsd),
    run.end?.outcome ?? 'running',
  ]);
  const shortened = shortenColumns([head, ...rows], LONG_COLUMNS, columns).slice(1);
  const total = jobs.reduce((sum, { end }) => sum + (end?.costUsd ?? 0), 0);
  return [
    ...plainTable(head, shortened, [1, 4, 5, 6]),
    '',
    `${jobs.length} ${jobs.length === 1 ? 'task' : 'tasks'} of jobs, about ${usd(total)} for those that have ended.`,
  ];
}

function seconds(number: number | undefined): string {
  return number === undefined ? '' : `${Math.round(number)} s`;
}

/** Month, day and time of day. */
function clock(at: number | undefined): string {
  return isoTime(at)?.slice(5, 16).replace('T', ' ') ?? '';
}

function isoTime(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
