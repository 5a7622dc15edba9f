/** Finds possible starts of phrases with the fast native search: most of a log contains no phrase. */
export class PhraseFinder {
  readonly #phrases: readonly Buffer[];
  readonly #maxLength: number;

  constructor(phrases: readonly Buffer[]) {
    this.#phrases = phrases;
    this.#maxLength = Math.max(1, ...phrases.map(({ length }) => length));
  }

  /**
   * The next position from `at` on where a phrase starts or where the end of `data` could split one; the length of `data`
   * if there is none.
   */
  next(data: Buffer, at: number): number {
    let nearest = Math.min(data.length, Math.max(at, data.length - this.#maxLength + 1));
    for (const phrase of this.#phrases) {
      const found = data.subarray(0, nearest + phrase.length - 1).indexOf(phrase, at);
      if (found >= 0) nearest = found;
    }
    return nearest;
  }
}
