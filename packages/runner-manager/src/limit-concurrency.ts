/** Limits how many asynchronous actions run concurrently. Further ones wait in order. */
export function limitConcurrency(max: number): <Result>(action: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (action) => {
    if (running >= max) await new Promise<void>((resume) => void waiting.push(resume));
    else running += 1;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      // The slot passes directly to the next action, so that no other one takes it in between.
      if (next) next();
      else running -= 1;
    }
  };
}
