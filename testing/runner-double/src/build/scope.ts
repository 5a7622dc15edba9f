/** Work that can be aborted: by its parent scope, directly, or by its timeout. */
export type Scope = {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** Stops the timer. */
  close(): void;
};

/** Maximum delay of a timer; longer delays would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Opens a scope within `parent`, optionally with a time limit. */
export function openScope(
  parent?: AbortSignal,
  limit?: { readonly milliseconds: number; readonly reason: Error },
): Scope {
  const own = new AbortController();
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => own.abort(limit.reason), Math.min(limit.milliseconds, MAX_TIMER_MS));
  return {
    signal: parent === undefined ? own.signal : AbortSignal.any([parent, own.signal]),
    abort: (reason) => own.abort(reason),
    close: () => clearTimeout(timer),
  };
}

/** The reason of an aborted signal as an error; undefined if it is not aborted. */
export function reasonOf(signal: AbortSignal): Error | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}

/** Waits for `work` to settle, but at most `milliseconds` after `signal` aborts. */
export async function settleAfterAbort(
  work: Promise<void>,
  signal: AbortSignal,
  milliseconds: number,
): Promise<'settled' | 'timed-out'> {
  const settled = work.then(
    () => 'settled' as const,
    () => 'settled' as const,
  );
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<'timed-out'>((resolve) => {
    const arm = () => {
      timer = setTimeout(() => resolve('timed-out'), milliseconds);
    };
    if (signal.aborted) arm();
    else signal.addEventListener('abort', arm, { once: true });
  });
  const result = await Promise.race([settled, overdue]);
  clearTimeout(timer);
  return result;
}
