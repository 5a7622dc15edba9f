import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';

/** Characters that an expanded text may have where its caller sets no limit of its own: Linux takes no longer variable. */
const MOST_CHARACTERS = 131_072;
const WORD = /[A-Za-z0-9_]/;
/** Names of one character, such as `$1` and `$@`: no variable of a job has one. */
const SPECIAL = /[*#$@!?0-9-]/;

/** A reference in a text: the name of a variable, and where the text goes on. */
interface Reference {
  /** Undefined where a dollar starts no reference and stays as it is. */
  name: string | undefined;
  end: number;
}

/**
 * Expands references to variables in a text, as GitLab Runner does: `$NAME` and `${NAME}`, once, unset variables to
 * nothing, `$$` to a dollar. Its time grows with the text and the result, never faster.
 * @param mostCharacters limit of the result
 * @throws {JobRefusedError} when the result would be longer
 * @see https://pkg.go.dev/os#Expand, which the runner calls (common/spec/variables.go of 19.3)
 */
export function expandVariables(
  text: string,
  variables: ReadonlyMap<string, string>,
  mostCharacters = MOST_CHARACTERS,
): string {
  return expandReferences(text, (name) => variables.get(name), mostCharacters);
}

/** What a name stands for; undefined: nothing. */
export type Lookup = (name: string) => string | undefined;

/** As `expandVariables`, where names are looked up by a function. */
export function expandReferences(text: string, lookup: Lookup, mostCharacters = MOST_CHARACTERS): string {
  const parts: string[] = [];
  let length = 0;
  const add = (part: string) => {
    length += part.length;
    if (length > mostCharacters) {
      throw new JobRefusedError([
        `${quoted(text)} is longer than ${mostCharacters} characters once its variables are expanded.`,
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

/** Reads what follows a dollar. `lastBrace` keeps a text of `${` without an end from being searched again and again. */
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
