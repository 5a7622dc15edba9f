import { PhraseFinder } from './phrase-finder.ts';

const MASK = Buffer.from('[MASKED]');
const NOTHING = Buffer.alloc(0);

/**
 * Replaces phrases in a byte stream by `[MASKED]`. Phrases that span chunks are found: a possible start of a phrase is held back
 * until further bytes decide. The longest phrase at a position wins. Replaced text is not scanned again.
 */
export class Masker {
  readonly #byFirst = new Map<number, Buffer[]>();
  readonly #finder: PhraseFinder;
  #held: Buffer = NOTHING;

  constructor(phrases: readonly string[]) {
    for (const phrase of new Set(phrases)) {
      const bytes = Buffer.from(phrase, 'utf8');
      const first = bytes[0];
      if (first === undefined) continue;
      this.#byFirst.set(first, [...(this.#byFirst.get(first) ?? []), bytes]);
    }
    for (const candidates of this.#byFirst.values()) candidates.sort((a, b) => b.length - a.length);
    this.#finder = new PhraseFinder([...this.#byFirst.values()].flat());
  }

  /** Adds a chunk and returns the decided part of the stream. */
  push(chunk: Buffer): Buffer {
    return this.#scan(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false);
  }

  /** Returns the rest at the end of the stream. */
  flush(): Buffer {
    return this.#scan(this.#held, true);
  }

  #scan(data: Buffer, ended: boolean): Buffer {
    const parts: Buffer[] = [];
    let kept = 0;
    let at = 0;
    this.#held = NOTHING;
    for (;;) {
      at = this.#finder.next(data, at);
      if (at >= data.length) break;
      const found = this.#match(data, at, ended);
      if (found === 'undecided') {
        // A copy: the caller may reuse the chunk's memory.
        this.#held = Buffer.from(data.subarray(at));
        break;
      }
      if (found > 0) {
        parts.push(data.subarray(kept, at), MASK);
        kept = at + found;
      }
      at += Math.max(found, 1);
    }
    const end = data.length - this.#held.length;
    if (kept === 0 && this.#held.length === 0) return data;
    parts.push(data.subarray(kept, end));
    return Buffer.concat(parts);
  }

  /** The length of the phrase at `at`; 0 for none. */
  #match(data: Buffer, at: number, ended: boolean): number | 'undecided' {
    for (const phrase of this.#byFirst.get(data[at] ?? -1) ?? []) {
      const available = Math.min(phrase.length, data.length - at);
      if (phrase.compare(data, at, at + available, 0, available) !== 0) continue;
      if (available === phrase.length) return available;
      if (!ended) return 'undecided';
    }
    return 0;
  }
}
