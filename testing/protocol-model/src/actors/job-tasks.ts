import type { Clock } from '../clock.ts';
import type { SimulatedEcs } from '../ecs/simulated-ecs.ts';
import { hasStopped, type SimulatedTask, statusOf } from '../ecs/simulated-task.ts';
import type { Random } from '../random.ts';

/** Life cycle of job tasks: they start, run until they are stopped, and end by themselves without heartbeats. */
export interface JobTasks {
  /** Resolves with true once the task runs, or with false if it has ended. */
  running(task: SimulatedTask): Promise<boolean>;
  ended(task: SimulatedTask): Promise<void>;
  /** A manager sends heartbeats to its helper from now on. */
  startHeartbeats(task: SimulatedTask): void;
  /** The heartbeats stop. */
  stopHeartbeats(task: SimulatedTask): void;
  /** Ends a random task, like a Spot interruption. */
  dieSome(): void;
}

export interface JobTaskDeps {
  clock: Clock;
  random: Random;
  ecs: SimulatedEcs;
  /** Milliseconds without a heartbeat after which the helper ends the task; undefined: its dead man's switch is broken. */
  deadManMs: number | undefined;
}

const START_MS = { min: 5_000, max: 40_000 };
const STOP_MS = { min: 1_000, max: 30_000 };

interface Listeners {
  onRunning: ((runs: boolean) => void)[];
  onEnd: (() => void)[];
  /** Incremented when heartbeats start or stop, to invalidate older timers. */
  generation: number;
}

export function createJobTasks({ clock, random, ecs, deadManMs }: JobTaskDeps): JobTasks {
  const listeners = new Map<SimulatedTask, Listeners>();
  const listenersOf = (task: SimulatedTask): Listeners => {
    const known = listeners.get(task) ?? { onRunning: [], onEnd: [], generation: 0 };
    listeners.set(task, known);
    return known;
  };

  const end = (task: SimulatedTask) => {
    if (statusOf(task).desiredStatus === 'STOPPED') return;
    ecs.setStatus(task, { desiredStatus: 'STOPPED', stoppingAt: clock.now() });
    clock.after(random.between(STOP_MS.min, STOP_MS.max), () =>
      ecs.setStatus(task, { lastStatus: 'STOPPED', stoppedAt: clock.now() }),
    );
  };

  const expectHeartbeat = (task: SimulatedTask) => {
    if (deadManMs === undefined) return;
    const known = listenersOf(task);
    known.generation += 1;
    const { generation } = known;
    clock.after(deadManMs, () => {
      if (known.generation === generation) end(task);
    });
  };

  ecs.listeners.push({
    onCreated(task) {
      if (task.role !== 'job') return;
      clock.after(random.between(START_MS.min, START_MS.max), () => {
        if (statusOf(task).desiredStatus === 'STOPPED') return;
        ecs.setStatus(task, { lastStatus: 'RUNNING', startedAt: clock.now() });
        expectHeartbeat(task);
        for (const listener of listenersOf(task).onRunning) listener(true);
        clock.wake();
      });
    },
    onStopRequested(task) {
      if (task.role === 'job') end(task);
    },
    onStopped(task) {
      if (task.role !== 'job') return;
      const { onRunning, onEnd } = listenersOf(task);
      for (const listener of onRunning) listener(false);
      for (const listener of onEnd) listener();
      clock.wake();
    },
  });

  return {
    running: (task) =>
      new Promise((resolve) => {
        const { lastStatus } = statusOf(task);
        if (lastStatus === 'PROVISIONING') listenersOf(task).onRunning.push(resolve);
        else resolve(lastStatus === 'RUNNING');
      }),
    ended: (task) =>
      new Promise((resolve) => {
        if (hasStopped(task)) resolve();
        else listenersOf(task).onEnd.push(resolve);
      }),
    startHeartbeats: (task) => {
      listenersOf(task).generation += 1;
    },
    stopHeartbeats: expectHeartbeat,
    dieSome() {
      const running = ecs.tasks.filter((task) => task.role === 'job' && !hasStopped(task));
      const victim = running[random.between(0, running.length - 1)];
      if (victim) end(victim);
    },
  };
}
