import { PhraseFinder } from './phrase-finder.ts';

/** Prefixes of GitLab tokens that are always masked (docs.gitlab.com/security/tokens, "Token prefixes"). */
export const TOKEN_PREFIXES = [
  'glpat-',
  'gloas-',
  'gldt-',
  'glrt-',
  'glcbt-',
  'glrtr-',
  'glptt-',
  'glft-',
  'glimt-',
  'glagent-',
  'glsoat-',
  'glffct-',
  '_gitlab_session=',
  'gltok-',
] as const;

const MASK = Buffer.from('[MASKED]');
const NOTHING = Buffer.alloc(0);

function isTokenByte(byte: number): boolean {
  const letter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return letter || (byte >= 0x30 && byte <= 0x39) || [0x2d, 0x2e, 0x3d, 0x5f].includes(byte);
}

/** Masks tokens after their prefix: `glpat-abc` becomes `glpat-[MASKED]`. The prefix shows the type of the token. */
export class TokenMasker {
  readonly #prefixes: readonly Buffer[];
  readonly #finder: PhraseFinder;
  #held: Buffer = NOTHING;
  #inToken = false;

  constructor(prefixes: readonly string[]) {
    this.#prefixes = [...new Set(prefixes)]
      .filter((prefix) => prefix !== '')
      .map((prefix) => Buffer.from(prefix));
    this.#finder = new PhraseFinder(this.#prefixes);
  }

  push(chunk: Buffer): Buffer {
    return this.#scan(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false);
  }

  flush(): Buffer {
    return this.#scan(this.#held, true);
  }

  #scan(data: Buffer, ended: boolean): Buffer {
    const parts: Buffer[] = [];
    let at = this.#skipToken(data, 0);
    let kept = at;
    this.#held = NOTHING;
    for (;;) {
      at = this.#finder.next(data, at);
      if (at >= data.length) break;
      const found = this.#prefixAt(data, at, ended);
      if (found === 'undecided') {
        this.#held = Buffer.from(data.subarray(at));
        break;
      }
      if (found === 0) {
        at += 1;
        continue;
      }
      parts.push(data.subarray(kept, at + found), MASK);
      this.#inToken = true;
      at = this.#skipToken(data, at + found);
      kept = at;
    }
    parts.push(data.subarray(kept, data.length - this.#held.length));
    return Buffer.concat(parts);
  }

  #skipToken(data: Buffer, from: number): number {
    let at = from;
    while (this.#inToken && at < data.length) {
      if (isTokenByte(data[at] ?? 0)) at += 1;
      else this.#inToken = false;
    }
    return at;
  }

  /** The length of the prefix at `at` that is followed by a token's first byte; 0 for none. */
  #prefixAt(data: Buffer, at: number, ended: boolean): number | 'undecided' {
    for (const prefix of this.#prefixes) {
      if (data[at] !== prefix[0]) continue;
      const available = Math.min(prefix.length, data.length - at);
      if (prefix.compare(data, at, at + available, 0, available) !== 0) continue;
      const next = data[at + prefix.length];
      if (next !== undefined && isTokenByte(next)) return prefix.length;
      if (next === undefined && !ended) return 'undecided';
    }
    return 0;
  }
}
