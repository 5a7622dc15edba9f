import type { Logger } from '@aws-lambda-powertools/logger';
import { DescribeTasksCommand, type ECSClient, type Task } from '@aws-sdk/client-ecs';
import { messageOf } from '../errors.ts';

/** State of a task. `gone`: ECS no longer lists it. */
export type TaskView = { kind: 'task'; task: Task } | { kind: 'gone' };

/** Watches all job tasks of the manager with as few DescribeTasks calls as possible. */
export interface TaskWatcher {
  /**
   * Calls the listener after every poll of the task, until the returned function is called.
   * @param options `closely`: poll often even if the task itself is steady, because one of its containers may end
   */
  watch(taskArn: string, listener: (view: TaskView) => void, options?: { closely: boolean }): () => void;
  /** Polls all tasks soon. Concurrent callers share one poll, and polls are not more frequent than for changing tasks. */
  poll(): Promise<void>;
  stop(): void;
}

export interface TaskWatcherSettings {
  ecs: ECSClient;
  cluster: string;
  logger: Logger;
  /** Milliseconds between polls while any task starts or stops, and while all are running. Defaults: 1,000 and 5,000. */
  everyMs?: { changing: number; steady: number };
}

/** Limit of DescribeTasks. */
const MAX_TASKS_PER_CALL = 100;
/** A new task may be reported as MISSING at first. If it stays so, it counts as gone. */
const GONE_AFTER_MISSING_MS = 30_000;

interface Watched {
  listeners: Set<(view: TaskView) => void>;
  /** Those of the listeners that watch closely. */
  close: Set<(view: TaskView) => void>;
  steady: boolean;
  missingSince: number | undefined;
}

/** Creates the watcher. It polls only while a task is watched. */
export function createTaskWatcher(settings: TaskWatcherSettings): TaskWatcher {
  const every = settings.everyMs ?? { changing: 1000, steady: 5000 };
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let stopped = false;
  let polledAt = 0;
  let next: Promise<void> | undefined;
  let running = Promise.resolve();

  const schedule = () => {
    if (stopped || watched.size === 0) return;
    const changing = [...watched.values()].some((entry) => !entry.steady || entry.close.size > 0);
    const due = Date.now() + (changing ? every.changing : every.steady);
    // An earlier poll is not postponed, however many tasks are new.
    if (timer && due >= dueAt) return;
    clearTimeout(timer);
    dueAt = due;
    timer = setTimeout(onDue, due - Date.now());
  };

  const onDue = () => {
    timer = undefined;
    void poll().finally(schedule);
  };

  const pollAll = async () => {
    // All jobs of a manager may request a poll at the same time, and all fleets share the account's request rate.
    const early = polledAt + every.changing - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    next = undefined;
    polledAt = Date.now();
    const arns = [...watched.keys()];
    for (let first = 0; first < arns.length; first += MAX_TASKS_PER_CALL) {
      await describe(settings, watched, arns.slice(first, first + MAX_TASKS_PER_CALL));
    }
  };

  /** Shared by all callers before it starts, so that each of them gets a state that is newer than its call. */
  const poll = () => {
    next ??= running.then(pollAll);
    running = next;
    return next;
  };

  return {
    watch(taskArn, listener, options) {
      const entry = watched.get(taskArn) ?? newEntry();
      entry.listeners.add(listener);
      if (options?.closely) entry.close.add(listener);
      watched.set(taskArn, entry);
      schedule();
      return () => {
        entry.listeners.delete(listener);
        entry.close.delete(listener);
        if (entry.listeners.size === 0) watched.delete(taskArn);
      };
    },
    poll,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function newEntry(): Watched {
  return { listeners: new Set(), close: new Set(), steady: false, missingSince: undefined };
}

async function describe(
  settings: TaskWatcherSettings,
  watched: ReadonlyMap<string, Watched>,
  arns: string[],
) {
  try {
    const { tasks = [] } = await settings.ecs.send(
      new DescribeTasksCommand({ cluster: settings.cluster, tasks: arns }),
    );
    const byArn = new Map(tasks.map((task) => [task.taskArn, task]));
    for (const arn of arns) {
      const entry = watched.get(arn);
      if (entry) notify(entry, byArn.get(arn));
    }
  } catch (error) {
    // A failed poll changes nothing; the next one follows.
    settings.logger.warn('DescribeTasks failed', { error: messageOf(error), tasks: arns.length });
  }
}

function notify(entry: Watched, task: Task | undefined) {
  if (task) {
    entry.missingSince = undefined;
    entry.steady = task.lastStatus === 'RUNNING' && task.desiredStatus === 'RUNNING';
    for (const listener of entry.listeners) listener({ kind: 'task', task });
    return;
  }
  entry.missingSince ??= Date.now();
  if (Date.now() - entry.missingSince < GONE_AFTER_MISSING_MS) return;
  for (const listener of entry.listeners) listener({ kind: 'gone' });
}
