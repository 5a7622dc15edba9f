/** What a page is sent: the newest value, or why it could not be read. */
export type FeedEvent<Value> = { kind: 'snapshot'; value: Value } | { kind: 'problem'; message: string };

export type Listener<Value> = (event: FeedEvent<Value>) => void;

export interface LiveFeed<Value> {
  /** Sends the last event at once if it is fresh, then each new one. Returns a function that ends it. */
  subscribe(listener: Listener<Value>): () => void;
}

interface FeedOptions<Value> {
  read(): Promise<Value>;
  /** Milliseconds from the end of a read to the next one. */
  intervalMs: number;
  /** The same after a read that failed. */
  retryMs: number;
  /** What the page says of a failure. */
  explain(error: unknown): string;
}

/** Reads again and again while anybody listens: once for all of them, and not at all while nobody does. */
export function createLiveFeed<Value>(options: FeedOptions<Value>): LiveFeed<Value> {
  const { read, intervalMs, retryMs, explain } = options;
  const listeners = new Set<Listener<Value>>();
  let last: FeedEvent<Value> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isReading = false;

  async function poll(): Promise<void> {
    timer = undefined;
    isReading = true;
    last = await read().then(
      (value) => ({ kind: 'snapshot' as const, value }),
      (error) => ({ kind: 'problem' as const, message: explain(error) }),
    );
    isReading = false;
    for (const listener of listeners) listener(last);
    if (listeners.size > 0) timer = setTimeout(poll, last.kind === 'snapshot' ? intervalMs : retryMs);
  }

  return {
    subscribe(listener) {
      listeners.add(listener);
      // After a pause, what was read before it is old.
      if (last && timer !== undefined) listener(last);
      else if (!isReading) void poll();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
      };
    },
  };
}
