import { type JobRun, projectName } from '../jobs/job-run.ts';
import { type Arrival, keyOf } from '../jobs/read-runs.ts';
import type { JobRow, JobState } from './snapshot.ts';
import type { SeenJobTask } from './task-memory.ts';

/** What is known of jobs. Times are milliseconds since 1970. */
export interface JobSources {
  now: number;
  /** From the managers' log. */
  runs: readonly JobRun[];
  /** From the receiver's log. */
  arrivals: readonly Arrival[];
  /** Keys of jobs that GitLab's webhooks called ended. */
  ended: ReadonlySet<string>;
  /** What ECS says, by ARN. */
  tasks: ReadonlyMap<string, SeenJobTask>;
  /** Number of jobs that the launcher looks at again. */
  messages: number;
  /** URLs of the fleets' GitLab, by the fleet's name. */
  gitlabUrls: ReadonlyMap<string, string>;
}

/** Between a job's webhook and its message in the queue, and between a task's start and its appearance in ECS's lists. */
const UNSEEN_MS = 60_000;

/** Joins what is known of jobs. The order is that of `Snapshot.jobs`. */
export function jobRows(sources: JobSources): JobRow[] {
  const paths = new Map(
    sources.runs.flatMap((run) => (run.projectPath ? [[run.projectId, projectName(run)]] : [])),
  );
  const names: Names = (projectId) =>
    paths.get(projectId) ?? projectName({ projectId, projectPath: undefined });
  const rows = [...ranRows(sources), ...taskRows(sources, names), ...waitingRows(sources, names)];
  return withIds(rows).sort(inOrder);
}

/** A job keeps its id when it gets a task. If it got another one, because the first could not start, that has the id. */
function withIds(rows: readonly Row[]): JobRow[] {
  const taken = new Set<string>();
  return rows
    .toSorted((one, other) => taskTime(other) - taskTime(one))
    .map((row) => {
      const { fleet, jobId, taskId } = row;
      const job = `${fleet}/${jobId}`;
      const id = jobId === undefined || taken.has(job) ? `task ${taskId}` : job;
      taken.add(id);
      return { ...row, id };
    });
}

function taskTime({ requestedAt, startedAt, endedAt }: Row): number {
  return requestedAt ?? startedAt ?? endedAt ?? 0;
}

type Row = Omit<JobRow, 'id'>;
type Names = (projectId: number) => string;

const NOTHING = {
  ...{ name: undefined, project: undefined, ref: undefined, taskId: undefined, managerTaskId: undefined },
  ...{ outcome: undefined, costUsd: undefined, pageUrl: undefined },
  ...{ queuedAt: undefined, requestedAt: undefined, pullStartedAt: undefined, pullStoppedAt: undefined },
  ...{ startedAt: undefined, endedAt: undefined },
};

/** Jobs whose task was reported by its manager. */
function ranRows({ runs, tasks, now, gitlabUrls }: JobSources): Row[] {
  return runs.map((run) => {
    const { jobId, fleet, ref, queuedAt, end, taskArn } = run;
    const task = tasks.get(taskArn);
    return {
      ...NOTHING,
      ...(task && timesOf(task)),
      ...{ jobId, fleet, ref, queuedAt },
      name: run.jobName,
      project: projectName(run),
      taskId: taskArn.split('/').at(-1),
      managerTaskId: task?.managerTaskId,
      state: stateOfRun(run, task, now),
      outcome: end?.outcome,
      costUsd: end?.costUsd,
      pageUrl: pageUrl(gitlabUrls.get(fleet), run),
      requestedAt: task?.requestedAt ?? (end && end.at - end.seconds * 1000),
      startedAt: run.startedAt ?? (end ? undefined : task?.runsAt),
      endedAt: end?.at ?? task?.endedAt,
    };
  });
}

function stateOfRun({ end, startedAt }: JobRun, task: SeenJobTask | undefined, now: number): JobState {
  if (end) return 'ended';
  if (task) return stateOfTask(task);
  return startedAt !== undefined && now - startedAt < UNSEEN_MS ? 'running' : 'unclear';
}

/** Tasks that no manager has reported yet. */
function taskRows({ runs, tasks, arrivals }: JobSources, names: Names): Row[] {
  const reported = new Set(runs.map(({ taskArn }) => taskArn));
  return [...tasks.values()]
    .filter(({ taskArn }) => !reported.has(taskArn))
    .map((task) => {
      const arrival = arrivals.find(({ jobId, fleet }) => jobId === task.jobId && fleet === task.fleet);
      const { jobId, fleet, taskId, managerTaskId, runsAt, endedAt } = task;
      return {
        ...NOTHING,
        ...timesOf(task),
        ...{ jobId, fleet, taskId, managerTaskId, endedAt },
        project: arrival && names(arrival.projectId),
        state: stateOfTask(task),
        queuedAt: arrival?.at,
        startedAt: jobId === undefined ? undefined : runsAt,
      };
    });
}

function timesOf({ requestedAt, pullStartedAt, pullStoppedAt }: SeenJobTask) {
  return { requestedAt, pullStartedAt, pullStoppedAt };
}

function stateOfTask({ state, jobId }: SeenJobTask): JobState {
  if (state === 'stopping' || state === 'stopped') return 'ended';
  return jobId === undefined ? 'ahead' : state;
}

/** Jobs without a task. */
function waitingRows(sources: JobSources, names: Names): Row[] {
  const { runs, arrivals, ended, tasks, messages, now } = sources;
  const ran = new Set(runs.map(keyOf));
  const withTask = new Set([...tasks.values()].map(({ fleet, jobId }) => `${fleet}/${jobId}`));
  return arrivals
    .filter(
      (arrival) =>
        !ran.has(keyOf(arrival)) &&
        !ended.has(keyOf(arrival)) &&
        !withTask.has(`${arrival.fleet}/${arrival.jobId}`),
    )
    .map((arrival) => ({
      ...NOTHING,
      jobId: arrival.jobId,
      fleet: arrival.fleet,
      project: names(arrival.projectId),
      queuedAt: arrival.at,
      // Without a message, the launcher has given it up, or knows that it does not wait.
      state: messages > 0 || now - arrival.at < UNSEEN_MS ? 'queued' : 'unclear',
    }));
}

/** The job's page, if the fleet's GitLab is a web address. */
function pageUrl(gitlabUrl: string | undefined, { projectPath, jobId }: JobRun): string | undefined {
  if (projectPath === undefined || !gitlabUrl?.match(/^https?:\/\//)) return undefined;
  const path = projectPath.split('/').map(encodeURIComponent).join('/');
  return `${gitlabUrl.replace(/\/+$/, '')}/${path}/-/jobs/${jobId}`;
}

function inOrder(one: JobRow, other: JobRow): number {
  return Number(isOver(one)) - Number(isOver(other)) || timeOf(other) - timeOf(one);
}

/** Whether a job needs nothing more. */
export function isOver({ state }: Pick<JobRow, 'state'>): boolean {
  return state === 'ended' || state === 'unclear';
}

function timeOf({ queuedAt, requestedAt, startedAt, endedAt }: JobRow): number {
  return queuedAt ?? requestedAt ?? startedAt ?? endedAt ?? 0;
}
