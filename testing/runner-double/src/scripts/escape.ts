/** Quotes text as one word of a shell script. */
export type Escape = (text: string) => string;

const PLAIN = /^[A-Za-z0-9_.,/@-]+$/;

/** Characters that make the real runner use double quotes. Newlines, semicolons and single quotes are not among them. */
const QUOTED = /[`"\\$ !#%&()*<=>?[|]/;

/**
 * For POSIX shells (`FF_POSIXLY_CORRECT_ESCAPES=true`), with the gaps of the real runner: a value such as `a;b` is not quoted and
 * thus is two commands. Users of the flag must see the same effect here.
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
 * ANSI-C quoting (`$'…'`), the real runner's default. bash and busybox support it, dash does not. Bytes outside printable ASCII
 * are written in hex.
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

/** Puts a path in double quotes. Only a leading `$PWD` remains a reference. */
export function quotePath(path: string): string {
  const reference = path.startsWith('$PWD') ? '$PWD' : '';
  return `"${reference}${path.slice(reference.length).replaceAll(/["\\`$]/g, (character) => `\\${character}`)}"`;
}
