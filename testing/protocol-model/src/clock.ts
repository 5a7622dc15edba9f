/** Virtual time. Events run in order; between two events all promise continuations run. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  after(milliseconds: number, act: () => void): void;
  at(time: number, act: () => void): void;
  /** A promise was settled: its continuations must run before the next event. */
  wake(): void;
  /** Ends the run after the current event. */
  stop(): void;
  /** @throws the error of an event */
  run(): Promise<void>;
}

/** Start time of every schedule. */
export const START = Date.parse('2026-11-23T10:00:00.000Z');

interface Event {
  time: number;
  /** Events of equal time run in the order in which they were scheduled. */
  order: number;
  act(): void;
}

export function createClock(): Clock {
  const heap: Event[] = [];
  let now = START;
  let order = 0;
  let woken = false;
  let stopped = false;

  const at = (time: number, act: () => void) => {
    push(heap, { time: Math.max(now, time), order, act });
    order += 1;
  };

  /** Runs events until one of them calls `wake`. @returns whether events are left */
  const runSome = (): boolean => {
    woken = false;
    while (!woken && !stopped) {
      const event = pop(heap);
      if (event === undefined) return false;
      now = event.time;
      event.act();
    }
    return !stopped;
  };

  return {
    now: () => now,
    at,
    after: (milliseconds, act) => at(now + milliseconds, act),
    wake: () => {
      woken = true;
    },
    stop: () => {
      stopped = true;
    },
    run: () =>
      new Promise<void>((resolve, reject) => {
        const step = () => {
          try {
            if (!runSome()) return resolve();
          } catch (error) {
            return reject(error);
          }
          // nextTick from a microtask runs after all other microtasks, and is much faster than a timer.
          queueMicrotask(() => process.nextTick(step));
        };
        step();
      }),
  };
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}

function push(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(event, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const below = smallerChild(heap, index);
    const child = heap[below];
    if (child === undefined || !isBefore(child, last)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
  return first;
}

function smallerChild(heap: readonly Event[], index: number): number {
  const left = heap[2 * index + 1];
  const right = heap[2 * index + 2];
  return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
}
