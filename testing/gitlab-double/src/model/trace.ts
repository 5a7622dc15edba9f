import { crc32 } from 'node:zlib';

/** A `section_start`/`section_end` pair of the log, with the runner's own clock (whole seconds). */
export interface TraceSection {
  name: string;
  startedAt: Date;
  endedAt: Date | null;
  /** When the double received its start marker. */
  seenAt: Date | null;
}

const SECTION = /section_(start|end):(\d+):([\w.-]+)/g;

/** A job's log as received, with the time of each patch. */
export class Trace {
  readonly #patches: { at: Date; end: number; bytes: Buffer }[] = [];
  #size = 0;
  #crc = 0;

  /** Bytes received. */
  get size(): number {
    return this.#size;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#patches.map((patch) => patch.bytes));
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  /** CRC-32 in the runner's format. */
  get checksum(): string {
    return `crc32:${this.#crc.toString(16).padStart(8, '0')}`;
  }

  /**
   * Appends if `start` is the current end. A patch that ends exactly there and has the same bytes is a repetition (its response
   * was lost) and counts as received, as in GitLab. Anything else is a mismatch.
   */
  append(start: number, bytes: Buffer, at: Date): 'appended' | 'resent' | 'mismatch' {
    if (start === this.#size) {
      this.#size += bytes.length;
      this.#crc = crc32(bytes, this.#crc);
      this.#patches.push({ at, end: this.#size, bytes });
      return 'appended';
    }
    const resent = start + bytes.length === this.#size && this.bytes.subarray(start).equals(bytes);
    return resent ? 'resent' : 'mismatch';
  }

  /** When the last byte of the first occurrence of `text` arrived; null if the log does not contain it. */
  firstSeen(text: string | Buffer): Date | null {
    const wanted = Buffer.from(text);
    const index = this.bytes.indexOf(wanted);
    if (index < 0) return null;
    const end = index + wanted.length;
    return this.#patches.find((patch) => patch.end >= end)?.at ?? null;
  }

  /** The sections of the log in order of their start. */
  sections(): TraceSection[] {
    const sections = new Map<string, TraceSection>();
    for (const [marker, kind, seconds, name] of this.bytes.toString('latin1').matchAll(SECTION)) {
      if (!name) continue;
      const at = new Date(Number(seconds) * 1000);
      const open = sections.get(name);
      if (kind === 'start') {
        sections.set(name, { name, startedAt: at, endedAt: null, seenAt: this.firstSeen(marker) });
      } else if (open) {
        open.endedAt = at;
      }
    }
    return [...sections.values()];
  }
}
