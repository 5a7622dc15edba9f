import type { Actor } from '../actor.ts';
import type { Clock } from '../clock.ts';
import type { SimulatedEcs } from '../ecs/simulated-ecs.ts';
import { type SimulatedTask, statusOf } from '../ecs/simulated-task.ts';
import type { Wire } from '../wire.ts';

export interface ManagerReadsDeps {
  actor: Actor;
  clock: Clock;
  wire: Wire;
  ecs: SimulatedEcs;
  /** The manager's job tasks, by ARN. */
  jobTasks: ReadonlyMap<string, SimulatedTask>;
}

/** As in the manager's `watch-tasks.ts` and `count-managers.ts`. */
const POLL_MS = { changing: 1000, steady: 5000 };
const TASKS_PER_CALL = 100;
const COUNT_MS = 60_000;

/**
 * The reads of ECS that a manager makes until it ends, besides those of its tags: it polls its job tasks and counts all managers.
 * The model's managers learn everything at once, so these calls matter only if calls are counted.
 */
export function startManagerReads({ actor, clock, wire, ecs, jobTasks }: ManagerReadsDeps): void {
  const pollTasks = async (): Promise<void> => {
    const tasks = [...jobTasks.values()];
    const isChanging = tasks.length === 0 || tasks.some((task) => statusOf(task).lastStatus !== 'RUNNING');
    await wire.sleep(actor, isChanging ? POLL_MS.changing : POLL_MS.steady);
    const arns = [...jobTasks.keys()];
    for (let first = 0; first < arns.length; first += TASKS_PER_CALL) {
      const chunk = arns.slice(first, first + TASKS_PER_CALL);
      await wire.call(actor, 'DescribeTasks', () => ecs.describeTasks({ tasks: chunk })).catch(() => {});
    }
    return pollTasks();
  };
  const countManagers = async (): Promise<void> => {
    await wire.call(actor, 'ListTasks', () => undefined).catch(() => {});
    await wire.sleep(actor, COUNT_MS);
    return countManagers();
  };
  clock.after(0, () => {
    void pollTasks();
    void countManagers();
  });
}
