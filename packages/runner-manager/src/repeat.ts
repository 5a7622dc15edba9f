/** Does something every so many milliseconds, never twice at once, until the returned function is called. */
export function repeat(everyMs: number, act: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = () => {
    if (!stopped) timer = setTimeout(() => void act().finally(schedule), everyMs);
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
