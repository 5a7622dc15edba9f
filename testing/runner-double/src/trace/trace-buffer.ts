import { crc32 } from 'node:zlib';
import { ANSI } from '../ansi.ts';

/** The real runner's default `output_limit` in bytes. */
export const DEFAULT_OUTPUT_LIMIT = 4 * 1024 * 1024;

/** A job log as sent to GitLab, with its checksum. At its limit it adds a notice once and ignores further output. */
export class TraceBuffer {
  readonly #limit: number;
  #bytes = Buffer.alloc(64 * 1024);
  #size = 0;
  #checksum = 0;
  #full = false;

  constructor(limit = DEFAULT_OUTPUT_LIMIT) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** `crc32:` and eight hexadecimal digits, the format that GitLab compares. */
  get checksum(): string {
    return `crc32:${this.#checksum.toString(16).padStart(8, '0')}`;
  }

  write(data: Buffer): void {
    if (this.#full) return;
    const room = this.#limit - this.#size;
    if (data.length < room) {
      this.#append(data);
      return;
    }
    this.#full = true;
    this.#append(data.subarray(0, wholeCharacters(data, room)));
    this.#append(
      Buffer.from(
        `\n${ANSI.boldYellow}Job's log exceeded limit of ${this.#limit} bytes.\n` +
          `Job execution will continue but no more output will be collected.${ANSI.reset}\n`,
      ),
    );
  }

  /** Copies at most `length` bytes from `offset` on. */
  slice(offset: number, length: number): Buffer<ArrayBuffer> {
    return Buffer.from(this.#bytes.subarray(offset, Math.min(this.#size, offset + length)));
  }

  #append(data: Buffer): void {
    if (this.#size + data.length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#size + data.length));
      this.#bytes.copy(grown, 0, 0, this.#size);
      this.#bytes = grown;
    }
    data.copy(this.#bytes, this.#size);
    this.#size += data.length;
    this.#checksum = crc32(data, this.#checksum);
  }
}

/** The largest length up to `limit` that does not split a UTF-8 character. */
function wholeCharacters(data: Buffer, limit: number): number {
  let end = limit;
  while (end > 0 && end > limit - 4 && ((data[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}
