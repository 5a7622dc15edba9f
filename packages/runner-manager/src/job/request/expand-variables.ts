import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';

/** Default limit of an expanded text: Linux accepts no longer variable. */
const MAX_CHARACTERS = 131_072;
const WORD = /[A-Za-z0-9_]/;
/** One-character names, such as `$1` and `$@`. No job variable has one. */
const SPECIAL = /[*#$@!?0-9-]/;

/** A reference in a text: the name of a variable, and where the text continues. */
interface Reference {
  /** Undefined if the dollar sign starts no reference and is kept. */
  name: string | undefined;
  end: number;
}

/**
 * Expands references to variables in a text, as GitLab Runner does: `$NAME` and `${NAME}`, not recursively, unset variables to
 * an empty string, `$$` to a dollar sign. Linear in the length of text and result.
 * @param maxCharacters limit for the result
 * @throws {JobRefusedError} when the result would be longer
 * @see https://pkg.go.dev/os#Expand, which the runner calls (common/spec/variables.go of 19.3)
 */
export function expandVariables(
  text: string,
  variables: ReadonlyMap<string, string>,
  maxCharacters = MAX_CHARACTERS,
): string {
  return expandReferences(text, (name) => variables.get(name), maxCharacters);
}

/** Returns a variable's value; undefined expands to an empty string. */
export type Lookup = (name: string) => string | undefined;

/** As `expandVariables`, with a function that looks names up. */
export function expandReferences(text: string, lookup: Lookup, maxCharacters = MAX_CHARACTERS): string {
  const parts: string[] = [];
  let length = 0;
  const add = (part: string) => {
    length += part.length;
    if (length > maxCharacters) {
      throw new JobRefusedError([
        `${quoted(text)} has more than ${maxCharacters} characters after its variables are expanded.`,
      ]);
    }
    parts.push(part);
  };
  const lastBrace = text.lastIndexOf('}');
  let at = 0;
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    add(text.slice(at, dollar));
    const { name, end } = referenceAt(text, dollar + 1, lastBrace);
    if (name === undefined) add('$');
    else add(name === '$' ? '$' : (lookup(name) ?? ''));
    at = end;
  }
  add(text.slice(at));
  return parts.join('');
}

/** Reads what follows a dollar sign. `lastBrace` avoids searching the rest of the text for each unterminated `${`. */
function referenceAt(text: string, start: number, lastBrace: number): Reference {
  const first = text[start];
  if (first === '{') {
    if (lastBrace <= start) return { name: '', end: start + 1 };
    const brace = text.indexOf('}', start);
    return { name: text.slice(start + 1, brace), end: brace + 1 };
  }
  if (first === undefined) return { name: undefined, end: start };
  if (SPECIAL.test(first)) return { name: first, end: start + 1 };
  let end = start;
  while (end < text.length && WORD.test(text.charAt(end))) end += 1;
  return { name: end === start ? undefined : text.slice(start, end), end };
}
