/** Runs at most so many asynchronous acts at once; further ones wait their turn, first come, first served. */
export function limitConcurrency(most: number): <Result>(act: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (act) => {
    if (running >= most) await new Promise<void>((resume) => void waiting.push(resume));
    else running += 1;
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      // The place is handed on, so that nobody takes it in between.
      if (next) next();
      else running -= 1;
    }
  };
}
