import { DescribeTasksCommand, type ECSClient, type Task } from '@aws-sdk/client-ecs';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** What is known of a task. `gone`: ECS no longer lists it. */
export type TaskView = { kind: 'task'; task: Task } | { kind: 'gone' };

/** Watches all job tasks of the manager with as few DescribeTasks as can be. */
export interface TaskWatcher {
  /**
   * Calls the listener with every look at the task, until the returned function is called.
   * @param options `closely`: look often, though the task itself runs steadily, since one of its containers may end
   */
  watch(taskArn: string, listener: (view: TaskView) => void, options?: { closely: boolean }): () => void;
  /** Looks at all tasks, soon: together with whoever asks meanwhile, and not more often than while tasks change. */
  look(): Promise<void>;
  stop(): void;
}

export interface TaskWatcherSettings {
  ecs: ECSClient;
  cluster: string;
  logger: Logger;
  /** Milliseconds between looks while a task starts or stops, and while all only run. Defaults 1,000 and 5,000. */
  everyMs?: { changing: number; steady: number };
}

/** DescribeTasks takes no more. */
const MOST_TASKS_A_CALL = 100;
/** A task just started may be MISSING for a moment; one that stays so is gone. */
const MISSING_IS_GONE_AFTER_MS = 30_000;

interface Watched {
  listeners: Set<(view: TaskView) => void>;
  /** Those of them that look closely. */
  close: Set<(view: TaskView) => void>;
  steady: boolean;
  missingSince: number | undefined;
}

/** Makes the watcher. It looks only while something is watched. */
export function createTaskWatcher(settings: TaskWatcherSettings): TaskWatcher {
  const every = settings.everyMs ?? { changing: 1000, steady: 5000 };
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let stopped = false;
  let lookedAt = 0;
  let next: Promise<void> | undefined;
  let running = Promise.resolve();

  const schedule = () => {
    if (stopped || watched.size === 0) return;
    const changing = [...watched.values()].some((entry) => !entry.steady || entry.close.size > 0);
    const due = Date.now() + (changing ? every.changing : every.steady);
    // A look that comes sooner is not put off, however many tasks are new.
    if (timer && due >= dueAt) return;
    clearTimeout(timer);
    dueAt = due;
    timer = setTimeout(onDue, due - Date.now());
  };

  const onDue = () => {
    timer = undefined;
    void look().finally(schedule);
  };

  const lookAtAll = async () => {
    // All jobs of a manager may ask at one time, and the account's rate is every fleet's.
    const early = lookedAt + every.changing - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    next = undefined;
    lookedAt = Date.now();
    const arns = [...watched.keys()];
    for (let first = 0; first < arns.length; first += MOST_TASKS_A_CALL) {
      await lookAt(settings, watched, arns.slice(first, first + MOST_TASKS_A_CALL));
    }
  };

  /** Shared by all who ask before it begins: whoever asks sees what is so afterwards. */
  const look = () => {
    next ??= running.then(lookAtAll);
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
    look,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function newEntry(): Watched {
  return { listeners: new Set(), close: new Set(), steady: false, missingSince: undefined };
}

async function lookAt(settings: TaskWatcherSettings, watched: ReadonlyMap<string, Watched>, arns: string[]) {
  try {
    const { tasks = [] } = await settings.ecs.send(
      new DescribeTasksCommand({ cluster: settings.cluster, tasks: arns }),
    );
    const byArn = new Map(tasks.map((task) => [task.taskArn, task]));
    for (const arn of arns) {
      const entry = watched.get(arn);
      if (entry) tell(entry, byArn.get(arn));
    }
  } catch (error) {
    // Nothing is concluded from a failed look; the next one follows.
    settings.logger.warn('DescribeTasks failed', { error: messageOf(error), tasks: arns.length });
  }
}

function tell(entry: Watched, task: Task | undefined) {
  if (task) {
    entry.missingSince = undefined;
    entry.steady = task.lastStatus === 'RUNNING' && task.desiredStatus === 'RUNNING';
    for (const listener of entry.listeners) listener({ kind: 'task', task });
    return;
  }
  entry.missingSince ??= Date.now();
  if (Date.now() - entry.missingSince < MISSING_IS_GONE_AFTER_MS) return;
  for (const listener of entry.listeners) listener({ kind: 'gone' });
}
