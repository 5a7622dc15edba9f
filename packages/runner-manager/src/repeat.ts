/** Repeats an action until the returned function is called. Waits `everyMs` milliseconds before each run. */
export function repeat(everyMs: number, action: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = () => {
    if (!stopped) timer = setTimeout(() => void action().finally(schedule), everyMs);
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
