import { type JobRun, projectName, type Runs } from './job-run.ts';

export type CostKey = 'project' | 'branch' | 'job' | 'fleet';

/** What a project, branch, job or fleet cost. */
export interface CostRow {
  name: string;
  /** Ended tasks. */
  tasks: number;
  hours: number;
  costUsd: number;
}

export interface Costs {
  /** The most expensive first. */
  rows: CostRow[];
  total: Omit<CostRow, 'name'>;
}

interface Item {
  name: string;
  seconds: number;
  costUsd: number;
}

/** Sums the estimated costs of the events. Tasks that run have none yet. */
export function sumCosts({ jobs, unclaimed }: Pick<Runs, 'jobs' | 'unclaimed'>, by: CostKey): Costs {
  const paths = new Map(
    jobs.flatMap(({ projectId, projectPath }) => (projectPath ? [[projectId, projectPath]] : [])),
  );
  const items: Item[] = [
    ...jobs.flatMap((run) => (run.end ? { name: nameOf(run, by), ...run.end } : [])),
    ...unclaimed.map((run) => ({
      name: nameOf({ ...run, projectPath: paths.get(run.projectId), ref: 'started ahead, not claimed' }, by),
      seconds: run.seconds,
      costUsd: run.costUsd,
    })),
  ];
  const rows = [...Map.groupBy(items, ({ name }) => name)].map(([name, own]) => ({ name, ...totalOf(own) }));
  rows.sort((one, other) => other.costUsd - one.costUsd || one.name.localeCompare(other.name));
  return { rows, total: totalOf(items) };
}

function nameOf(
  run: Pick<JobRun, 'projectId' | 'projectPath' | 'ref' | 'jobName' | 'fleet'>,
  by: CostKey,
): string {
  switch (by) {
    case 'project':
      return projectName(run);
    case 'branch':
      return `${projectName(run)} ${run.ref ?? '(unknown)'}`;
    case 'job':
      return `${projectName(run)} ${run.jobName}`;
    case 'fleet':
      return run.fleet;
  }
}

function totalOf(items: readonly Item[]): Omit<CostRow, 'name'> {
  return {
    tasks: items.length,
    hours: items.reduce((sum, { seconds }) => sum + seconds, 0) / 3600,
    costUsd: items.reduce((sum, { costUsd }) => sum + costUsd, 0),
  };
}
