import type { Answer, Call } from './call.ts';

/** What happens to a matched call. */
export type Effect =
  /** The proxy answers; the call does not reach the server. */
  | { kind: 'answer'; answer: (call: Call) => Answer }
  /**
   * The connection is cut `before` the call reaches the server, `after` it was carried out (the response is lost), or `within`
   * the response, after half of its body.
   */
  | { kind: 'cut'; when: 'before' | 'after' | 'within' }
  /** Forwarded after a delay in milliseconds. */
  | { kind: 'delay'; ms: number }
  /** Not answered until the client gives up or the rule ends; the call is carried out with `after` only. */
  | { kind: 'hang'; when: 'before' | 'after' }
  /** Carried out twice in sequence; the client receives the second response. */
  | { kind: 'twice' }
  /** Carried out; the rule rewrites the response. */
  | { kind: 'rewrite'; rewrite: (answer: Answer, call: Call) => Answer };

/** Which calls a rule matches. An omitted property matches every call. */
export interface Match {
  service?: string;
  operation?: string | readonly string[];
  caller?: string | readonly string[];
  where?: (call: Call) => boolean;
}

export interface Rule {
  match: Match;
  effect: Effect;
  /** Number of calls that the rule applies to. Default: unlimited. */
  times?: number;
  /** Milliseconds after which the rule ends. Default: never. */
  forMs?: number;
}

/** An active rule. */
export interface ActiveRule {
  /** Calls matched so far. */
  readonly matched: number;
  /** Whether the rule matches no more calls: `times` reached, expired, or removed. */
  readonly isOver: boolean;
  /** Aborts when the rule is removed or expires; calls that it keeps hanging then end. */
  readonly ended: AbortSignal;
  /** Resolves once the rule has matched `count` calls. Default: `times`, otherwise 1. */
  whenMatched(count?: number): Promise<void>;
  remove(): void;
}

/** The active rules. The first matching rule applies to a call. */
export class RuleSet {
  readonly #rules: RuleState[] = [];

  add(rule: Rule): ActiveRule {
    const state = new RuleState(rule);
    this.#rules.push(state);
    return state;
  }

  clear(): void {
    for (const rule of this.#rules.splice(0)) rule.remove();
  }

  /** Returns the rule that matches a call, if any, and counts the match. */
  match(call: Call): { effect: Effect; rule: ActiveRule } | undefined {
    const rule = this.#rules.find((state) => !state.isOver && matches(state.rule.match, call));
    if (!rule) return undefined;
    rule.countMatch();
    return { effect: rule.rule.effect, rule };
  }
}

class RuleState implements ActiveRule {
  readonly rule: Rule;
  readonly #ended = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  matched = 0;

  constructor(rule: Rule) {
    this.rule = rule;
    if (rule.forMs !== undefined) this.#timer = setTimeout(() => this.remove(), rule.forMs).unref();
  }

  get isOver(): boolean {
    return this.#ended.signal.aborted || this.matched >= (this.rule.times ?? Number.POSITIVE_INFINITY);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  countMatch(): void {
    this.matched += 1;
    for (const { count, resolve } of this.#waiting) if (this.matched >= count) resolve();
  }

  whenMatched(count = this.rule.times ?? 1): Promise<void> {
    if (this.matched >= count) return Promise.resolve();
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

function oneOf(expected: string | readonly string[] | undefined, value: string): boolean {
  if (expected === undefined) return true;
  return typeof expected === 'string' ? expected === value : expected.includes(value);
}
