/**
 * Shares one call in flight between concurrent callers with the same key: a cold Lambda's batch of ten reads its fleet once.
 * Nothing is cached: the next call after the answer is a new one. All concurrent callers get the same failure.
 */
export function shareCalls<Value>(call: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  const inFlight = new Map<string, Promise<Value>>();
  return (key) => {
    const pending = inFlight.get(key);
    if (pending) return pending;
    const answer = call(key).finally(() => inFlight.delete(key));
    inFlight.set(key, answer);
    return answer;
  };
}
