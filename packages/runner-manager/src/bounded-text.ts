import { JobRefusedError } from './errors.ts';

/** Characters of a job's text that a message quotes. */
const MOST_QUOTED_CHARACTERS = 100;

/** A job's text in quotes for a message; a long one is cut, and its length is given. */
export function quoted(text: string): string {
  return text.length <= MOST_QUOTED_CHARACTERS
    ? `"${text}"`
    : `"${text.slice(0, MOST_QUOTED_CHARACTERS)}…" (${text.length} characters)`;
}

/**
 * Ends the planning of a job with a text that is longer than allowed. Called before any pattern is applied to the text.
 * @param what names the text, as the first words of a sentence: `The image`
 * @param text undefined where the job has none
 * @throws {JobRefusedError}
 */
export function refuseLonger(what: string, text: string | null | undefined, mostCharacters: number): void {
  if (!text || text.length <= mostCharacters) return;
  throw new JobRefusedError([
    `${what} ${quoted(text)} is too long: at most ${mostCharacters} characters are allowed.`,
  ]);
}
