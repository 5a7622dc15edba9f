/** A signal that ends the program; `goName` is its name as printed by Go and thus in the job log. */
export type StopSignal = { readonly name: 'SIGQUIT' | 'SIGTERM' | 'SIGINT'; readonly goName: string };

const STOP_SIGNALS: readonly StopSignal[] = [
  { name: 'SIGQUIT', goName: 'quit' },
  { name: 'SIGTERM', goName: 'terminated' },
  { name: 'SIGINT', goName: 'interrupt' },
];

/** Starts listening. Each call of `next` returns one signal; none is lost. */
export function nextSignal(): { next(): Promise<StopSignal> } {
  const arrived: StopSignal[] = [];
  let wake: (() => void) | undefined;
  for (const signal of STOP_SIGNALS) {
    process.on(signal.name, () => {
      arrived.push(signal);
      wake?.();
    });
  }
  return {
    next: async () => {
      for (;;) {
        const signal = arrived.shift();
        if (signal !== undefined) return signal;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
