/** Finds where phrases may begin, with the machine's own search: nearly all of a log holds none. */
export class PhraseFinder {
  readonly #phrases: readonly Buffer[];
  readonly #longest: number;

  constructor(phrases: readonly Buffer[]) {
    this.#phrases = phrases;
    this.#longest = Math.max(1, ...phrases.map(({ length }) => length));
  }

  /**
   * The next place, from `at`, where a phrase begins, or the end of `data` could cut one in two; the data's length when
   * there is none.
   */
  next(data: Buffer, at: number): number {
    let nearest = Math.min(data.length, Math.max(at, data.length - this.#longest + 1));
    for (const phrase of this.#phrases) {
      const found = data.subarray(0, nearest + phrase.length - 1).indexOf(phrase, at);
      if (found >= 0) nearest = found;
    }
    return nearest;
  }
}
