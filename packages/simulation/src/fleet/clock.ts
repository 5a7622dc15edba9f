/** Simulated time. Actions run by time; those of equal time run in the order in which they were scheduled. */
export interface Clock {
  /** Milliseconds since the start of the trace. */
  now(): number;
  at(time: number, action: () => void): void;
  /**
   * Runs until no action is left.
   * @throws {OverloadError}
   */
  run(): void;
}

/** More actions ran than allowed: the fleet cannot keep up, and its waiting jobs are offered to full managers again and again. */
export class OverloadError extends Error {
  override readonly name = 'OverloadError';
}

interface ScheduledAction {
  time: number;
  order: number;
  action: () => void;
}

/** @param maxActions actions after which a run is given up */
export function createClock(maxActions = Number.POSITIVE_INFINITY): Clock {
  const heap: ScheduledAction[] = [];
  let now = 0;
  let order = 0;
  return {
    now: () => now,
    at(time, action) {
      order += 1;
      push(heap, { time: Math.max(now, time), order, action });
    },
    run() {
      let actions = 0;
      for (let due = pop(heap); due !== undefined; due = pop(heap)) {
        actions += 1;
        if (actions > maxActions) throw new OverloadError(`more than ${maxActions} actions`);
        now = due.time;
        due.action();
      }
    },
  };
}

function isBefore(one: ScheduledAction, other: ScheduledAction): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}

/** A binary heap: the parent of `index` is at `(index - 1) / 2`. */
function push(heap: ScheduledAction[], due: ScheduledAction): void {
  let index = heap.length;
  heap.push(due);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(due, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = due;
}

function pop(heap: ScheduledAction[]): ScheduledAction | undefined {
  const first = heap[0];
  const moved = heap.pop();
  if (moved === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const smaller = smallerChild(heap, index);
    const child = heap[smaller];
    if (child === undefined || !isBefore(child, moved)) break;
    heap[index] = child;
    index = smaller;
  }
  heap[index] = moved;
  return first;
}

function smallerChild(heap: readonly ScheduledAction[], index: number): number {
  const left = 2 * index + 1;
  const [one, other] = [heap[left], heap[left + 1]];
  return one !== undefined && other !== undefined && isBefore(other, one) ? left + 1 : left;
}
