import type { Answer, Call } from './call.ts';

/** What happens to a call instead of being passed on as it is. */
export type Effect =
  /** Answered by the proxy; the call never arrives. */
  | { kind: 'answer'; answer: (call: Call) => Answer }
  /**
   * The connection is cut: `before` the call arrives anywhere, `after` it was carried out (the answer is lost), or `within`
   * the answer, half of whose body has gone out.
   */
  | { kind: 'cut'; when: 'before' | 'after' | 'within' }
  /** Passed on so many milliseconds late. */
  | { kind: 'delay'; ms: number }
  /** Not answered until the client gives up or the rule is removed; carried out or not. */
  | { kind: 'hang'; when: 'before' | 'after' }
  /** Carried out twice, one after the other; the client gets the second answer. */
  | { kind: 'twice' }
  /** Carried out, and answered otherwise. */
  | { kind: 'rewrite'; rewrite: (answer: Answer, call: Call) => Answer };

/** Which calls a rule takes; what is left out matches all. */
export interface Match {
  service?: string;
  operation?: string | readonly string[];
  caller?: string | readonly string[];
  where?: (call: Call) => boolean;
}

export interface Rule {
  match: Match;
  effect: Effect;
  /** Calls that the rule takes before it is used up. Default: all. */
  times?: number;
  /** Milliseconds from now after which the rule ends. Default: never. */
  forMs?: number;
}

/** A rule in force. */
export interface ActiveRule {
  /** Calls that it took so far. */
  readonly taken: number;
  /** Whether it takes no more calls: used up, out of time, or removed. */
  readonly over: boolean;
  /** Aborts when the rule is removed or out of time: what hangs by it ends. */
  readonly ended: AbortSignal;
  /** Resolves once the rule took so many calls. */
  whenTaken(count?: number): Promise<void>;
  remove(): void;
}

/** The rules in force; the first that matches takes a call. */
export class RuleBook {
  readonly #rules: StandingRule[] = [];

  add(rule: Rule): ActiveRule {
    const standing = new StandingRule(rule);
    this.#rules.push(standing);
    return standing;
  }

  clear(): void {
    for (const rule of this.#rules.splice(0)) rule.remove();
  }

  /** The rule that takes a call, if there is one; it counts as taken. */
  take(call: Call): { effect: Effect; rule: ActiveRule } | undefined {
    const rule = this.#rules.find((standing) => !standing.over && matches(standing.rule.match, call));
    if (!rule) return undefined;
    rule.countTaken();
    return { effect: rule.rule.effect, rule };
  }
}

class StandingRule implements ActiveRule {
  readonly rule: Rule;
  readonly #ended = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  taken = 0;

  constructor(rule: Rule) {
    this.rule = rule;
    if (rule.forMs !== undefined) this.#timer = setTimeout(() => this.remove(), rule.forMs).unref();
  }

  get over(): boolean {
    return this.#ended.signal.aborted || this.taken >= (this.rule.times ?? Number.POSITIVE_INFINITY);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  countTaken(): void {
    this.taken += 1;
    for (const { count, resolve } of this.#waiting) if (this.taken >= count) resolve();
  }

  whenTaken(count = this.rule.times ?? 1): Promise<void> {
    if (this.taken >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  remove(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }
}

function matches({ service, operation, caller, where }: Match, call: Call): boolean {
  return (
    oneOf(service, call.service) &&
    oneOf(operation, call.operation) &&
    oneOf(caller, call.caller) &&
    (where === undefined || where(call))
  );
}

function oneOf(wanted: string | readonly string[] | undefined, value: string): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? wanted === value : wanted.includes(value);
}
