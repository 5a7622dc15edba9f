import type { ClusterTasks } from '../tasks.ts';
import { jobsOf } from '../tasks.ts';
import type { ManagerRow } from './snapshot.ts';

/** A job's task as ECS has it. Times are milliseconds since 1970. */
export interface SeenJobTask {
  taskArn: string;
  taskId: string;
  fleet: string;
  jobId: number | undefined;
  managerTaskId: string | undefined;
  state: 'starting' | 'running' | 'stopping' | 'stopped';
  requestedAt: number | undefined;
  pullStartedAt: number | undefined;
  pullStoppedAt: number | undefined;
  /** When ECS called it running. */
  runsAt: number | undefined;
  endedAt: number | undefined;
}

/** What ECS said of tasks, also of those that it has forgotten since: it does so an hour after their end. */
export class TaskMemory {
  #jobTasks = new Map<string, SeenJobTask>();
  #managers = new Map<string, ManagerRow>();

  /**
   * Adds what ECS says now.
   * @param since tasks that ended earlier are forgotten
   */
  remember(tasks: ClusterTasks, since: number): void {
    this.#jobTasks = merged(this.#jobTasks, new Map(tasks.jobTasks.map(jobTaskEntry)), since);
    const managers = new Map(
      tasks.managers.map(({ facts }) => {
        const row = managerRow(facts, tasks);
        // The tag that says so is gone once the task has been stopped.
        const drainAt = row.drainAt ?? this.#managers.get(row.taskId)?.drainAt;
        return [row.taskId, { ...row, drainAt }] as const;
      }),
    );
    this.#managers = merged(this.#managers, managers, since);
  }

  /** By their ARN. */
  get jobTasks(): ReadonlyMap<string, SeenJobTask> {
    return this.#jobTasks;
  }

  get managers(): ManagerRow[] {
    return [...this.#managers.values()];
  }
}

/** A task that ECS forgot without an end that was seen is of no known state, and is forgotten here as well. */
function merged<Task extends { state: string; endedAt: number | undefined }>(
  before: ReadonlyMap<string, Task>,
  now: ReadonlyMap<string, Task>,
  since: number,
): Map<string, Task> {
  const ended = [...before].filter(([, { state }]) => state === 'stopped');
  return new Map([...ended, ...now].filter(([, { endedAt }]) => endedAt === undefined || endedAt >= since));
}

function jobTaskEntry({ facts, task }: ClusterTasks['jobTasks'][number]): [string, SeenJobTask] {
  const { taskArn, taskId, fleet, jobId, managerTaskId, state } = facts;
  return [
    taskArn,
    {
      ...{ taskArn, taskId, fleet, jobId, managerTaskId, state },
      requestedAt: facts.createdAt,
      pullStartedAt: task.pullStartedAt?.getTime(),
      pullStoppedAt: task.pullStoppedAt?.getTime(),
      runsAt: facts.startedAt,
      endedAt: facts.stoppedAt ?? facts.stoppingAt,
    },
  ];
}

function managerRow(
  facts: ClusterTasks['managers'][number]['facts'],
  { jobTasks }: ClusterTasks,
): ManagerRow {
  const { taskId, fleet, slot, state, drainAt } = facts;
  return {
    ...{ taskId, fleet, slot, drainAt },
    state: state === 'running' && drainAt !== undefined ? 'draining' : state,
    requestedAt: facts.createdAt,
    startedAt: facts.startedAt,
    endedAt: facts.stoppedAt ?? facts.stoppingAt,
    jobs: jobsOf(facts, jobTasks),
  };
}
