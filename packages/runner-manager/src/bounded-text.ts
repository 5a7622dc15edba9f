import { JobRefusedError } from './errors.ts';

/** Maximum characters of a job's text in a message. */
const MAX_QUOTED_CHARACTERS = 100;

/** Quotes a job's text for a message. A long text is cut, and its length is added. */
export function quoted(text: string): string {
  return text.length <= MAX_QUOTED_CHARACTERS
    ? `"${text}"`
    : `"${text.slice(0, MAX_QUOTED_CHARACTERS)}…" (${text.length} characters)`;
}

/**
 * Refuses a job whose text is longer than allowed. Called before any pattern is applied to the text.
 * @param what the text's name, as the start of a sentence: `The image`
 * @param text undefined if the job has none
 * @throws {JobRefusedError}
 */
export function refuseLonger(what: string, text: string | null | undefined, maxCharacters: number): void {
  if (!text || text.length <= maxCharacters) return;
  throw new JobRefusedError([
    `${what} ${quoted(text)} is too long: at most ${maxCharacters} characters are allowed.`,
  ]);
}
