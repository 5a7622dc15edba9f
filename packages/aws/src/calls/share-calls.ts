/**
 * Gives callers who ask for the same thing while it is asked for the one answer: a cold Lambda's batch of ten reads its fleet
 * once. Nothing is held: the next call after the answer is a new one, and a failure is everybody's.
 */
export function shareCalls<Value>(call: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  const inFlight = new Map<string, Promise<Value>>();
  return (key) => {
    const asked = inFlight.get(key);
    if (asked) return asked;
    const answer = call(key).finally(() => inFlight.delete(key));
    inFlight.set(key, answer);
    return answer;
  };
}
