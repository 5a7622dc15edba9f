/** A process that may die between any two of its steps: a Lambda invocation, a sweep, a manager. */
export interface Actor {
  readonly kind: 'launcher' | 'reaper' | 'manager';
  alive: boolean;
  onDeath: (() => void) | undefined;
  /** What outlives the process, and whose pace of calls it keeps to: a Lambda's environment. Default: nothing does. */
  host?: object | undefined;
}

export function createActor(kind: Actor['kind'], onDeath?: () => void, host?: object): Actor {
  return { kind, alive: true, onDeath, host };
}

/** Kills a process. Its calls in flight still take effect, but it receives no responses. */
export function kill(actor: Actor): void {
  if (!actor.alive) return;
  actor.alive = false;
  actor.onDeath?.();
}
