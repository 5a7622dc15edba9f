/** Turns any text into one word of a shell script. */
export type Escape = (text: string) => string;

const PLAIN = /^[A-Za-z0-9_.,/@-]+$/;

/** Characters for which the real runner puts a word into double quotes. Newlines, semicolons and single quotes are not among them. */
const QUOTED = /[`"\\$ !#%&()*<=>?[|]/;

/**
 * For POSIX shells (`FF_POSIXLY_CORRECT_ESCAPES=true`), as leaky as the real runner's: a value such as `a;b` stays bare, and is two
 * commands. Who turns the flag on has to see that here too.
 */
export function escapePosix(text: string): string {
  if (text === '') return "''";
  const escaped = text.replaceAll(/[`"\\$]/g, (character) => `\\${character}`);
  return QUOTED.test(text) ? `"${escaped}"` : escaped;
}

const NAMED: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  39: "\\'",
  92: '\\\\',
};

/**
 * ANSI-C quoting (`$'…'`), what the real runner writes unless told otherwise: bash and busybox read it, dash does not.
 * Bytes outside of printable ASCII are written in hex.
 */
export function escapeAnsiC(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text === '') return "''";
  let quoted = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const named = NAMED[byte];
    if (named !== undefined) quoted += named;
    else if (byte < 0x20 || byte > 0x7e) quoted += `\\x${byte.toString(16).padStart(2, '0')}`;
    else quoted += String.fromCharCode(byte);
  }
  return `$'${quoted}'`;
}

/** Double quotes around a path; only a leading `$PWD` stays a reference. */
export function quotePath(path: string): string {
  const reference = path.startsWith('$PWD') ? '$PWD' : '';
  return `"${reference}${path.slice(reference.length).replaceAll(/["\\`$]/g, (character) => `\\${character}`)}"`;
}
