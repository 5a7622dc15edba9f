/** A piece of work that can be ended: by its parent, by itself, or when its time is over. */
export type Scope = {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** Stops the clock. */
  close(): void;
};

/** The longest delay of a timer; longer ones would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Opens a scope within `parent`. `limit` in milliseconds; none means no limit of its own. */
export function openScope(
  parent?: AbortSignal,
  limit?: { readonly milliseconds: number; readonly reason: Error },
): Scope {
  const own = new AbortController();
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => own.abort(limit.reason), Math.min(limit.milliseconds, LONGEST_TIMER));
  return {
    signal: parent === undefined ? own.signal : AbortSignal.any([parent, own.signal]),
    abort: (reason) => own.abort(reason),
    close: () => clearTimeout(timer),
  };
}

/** The reason a signal was aborted with, as an error; undefined while it is not. */
export function reasonOf(signal: AbortSignal): Error | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}

/** Settles as `work` does, but no later than `milliseconds` after `signal` was aborted. */
export async function settleAfterAbort(
  work: Promise<void>,
  signal: AbortSignal,
  milliseconds: number,
): Promise<'settled' | 'left-behind'> {
  const settled = work.then(
    () => 'settled' as const,
    () => 'settled' as const,
  );
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<'left-behind'>((resolve) => {
    const arm = () => {
      timer = setTimeout(() => resolve('left-behind'), milliseconds);
    };
    if (signal.aborted) arm();
    else signal.addEventListener('abort', arm, { once: true });
  });
  const result = await Promise.race([settled, overdue]);
  clearTimeout(timer);
  return result;
}
