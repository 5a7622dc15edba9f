/**
 * Repeats an action until the returned function is called. Waits `everyMs` milliseconds before each run; a function is called
 * anew each time.
 */
export function repeat(everyMs: number | (() => number), action: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = () => {
    if (stopped) return;
    const waitMs = typeof everyMs === 'number' ? everyMs : everyMs();
    timer = setTimeout(() => void action().finally(schedule), waitMs);
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
