import type { Clock } from '../clock.ts';
import type { SimulatedEcs } from '../ecs/simulated-ecs.ts';
import { hasStopped, type SimulatedTask, statusOf } from '../ecs/simulated-task.ts';
import type { Random } from '../random.ts';

/** The life of job tasks: they start, run until they are stopped, and end by themselves when nobody speaks to them. */
export interface JobTasks {
  /** Settles with whether the task runs; false: it has ended. */
  running(task: SimulatedTask): Promise<boolean>;
  ended(task: SimulatedTask): Promise<void>;
  /** Somebody speaks to its helper from now on. */
  heard(task: SimulatedTask): void;
  /** Nobody does any more. */
  silent(task: SimulatedTask): void;
  /** One of them ends without being asked: a Spot interruption. */
  dieSome(): void;
}

export interface JobTaskDeps {
  clock: Clock;
  random: Random;
  ecs: SimulatedEcs;
  /** Milliseconds without a word after which the helper ends the task; undefined: its switch is broken. */
  deadManMs: number | undefined;
}

const START_MS = { least: 5_000, most: 40_000 };
const STOP_MS = { least: 1_000, most: 30_000 };

interface Listeners {
  onRunning: ((runs: boolean) => void)[];
  onEnd: (() => void)[];
  /** Counts changes between heard and silent, so that an older timer does nothing. */
  word: number;
}

export function createJobTasks({ clock, random, ecs, deadManMs }: JobTaskDeps): JobTasks {
  const listeners = new Map<SimulatedTask, Listeners>();
  const listenersOf = (task: SimulatedTask): Listeners => {
    const known = listeners.get(task) ?? { onRunning: [], onEnd: [], word: 0 };
    listeners.set(task, known);
    return known;
  };

  const end = (task: SimulatedTask) => {
    if (statusOf(task).desiredStatus === 'STOPPED') return;
    ecs.setStatus(task, { desiredStatus: 'STOPPED', stoppingAt: clock.now() });
    clock.after(random.between(STOP_MS.least, STOP_MS.most), () =>
      ecs.setStatus(task, { lastStatus: 'STOPPED', stoppedAt: clock.now() }),
    );
  };

  const waitForWord = (task: SimulatedTask) => {
    if (deadManMs === undefined) return;
    const known = listenersOf(task);
    known.word += 1;
    const { word } = known;
    clock.after(deadManMs, () => {
      if (known.word === word) end(task);
    });
  };

  ecs.listeners.push({
    onCreated(task) {
      if (task.role !== 'job') return;
      clock.after(random.between(START_MS.least, START_MS.most), () => {
        if (statusOf(task).desiredStatus === 'STOPPED') return;
        ecs.setStatus(task, { lastStatus: 'RUNNING', startedAt: clock.now() });
        waitForWord(task);
        for (const tell of listenersOf(task).onRunning) tell(true);
        clock.wake();
      });
    },
    onStopAsked(task) {
      if (task.role === 'job') end(task);
    },
    onStopped(task) {
      if (task.role !== 'job') return;
      const { onRunning, onEnd } = listenersOf(task);
      for (const tell of onRunning) tell(false);
      for (const tell of onEnd) tell();
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
    heard: (task) => {
      listenersOf(task).word += 1;
    },
    silent: waitForWord,
    dieSome() {
      const running = ecs.tasks.filter((task) => task.role === 'job' && !hasStopped(task));
      const victim = running[random.between(0, running.length - 1)];
      if (victim) end(victim);
    },
  };
}
