const SPECIAL = /[.+^$()|{}[\]\\*?]/;

/**
 * Converts a pattern of `artifacts:paths` to a regular expression for paths relative to the project (doublestar's rules). `*` and
 * `?` stay within a directory and also match dots. `**` matches any number of directories, including none. `[a-z]`, `[^a]`,
 * `{a,b}` and `\x` have their usual meaning.
 */
export function globToRegExp(pattern: string): RegExp {
  return new RegExp(`^${translate(pattern.split('/'))}$`);
}

export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** The directory that contains all matches of a pattern: the root of the search. */
export function globBase(pattern: string): string {
  const parts = pattern.split('/');
  const first = parts.findIndex(isGlob);
  return first < 0 ? pattern : parts.slice(0, first).join('/');
}

function translate(parts: readonly string[]): string {
  let source = '';
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '**') {
      // `a/**` also matches `a` itself, so the preceding slash is optional too.
      source = last
        ? `${source.replace(/\/$/, '')}${index === 0 ? '.*' : '(?:/.*)?'}`
        : `${source}(?:[^/]+/)*`;
    } else {
      source += translatePart(part) + (last ? '' : '/');
    }
  }
  return source;
}

/** The tokens of a pattern within a path segment: an escape, a class, or a character. */
const TOKEN = /\\(?<escaped>.)|\[(?<set>[^\]]+)\]|(?<character>[\s\S])/gu;

function translatePart(part: string): string {
  let source = '';
  let depth = 0;
  for (const { groups } of part.matchAll(TOKEN)) {
    const { escaped, set, character = '' } = groups ?? {};
    if (escaped !== undefined) source += quote(escaped);
    else if (set !== undefined) source += `[${set.replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    else source += translateCharacter(character, depth > 0);
    if (character === '{') depth += 1;
    if (character === '}') depth = Math.max(0, depth - 1);
  }
  return source + ')'.repeat(depth);
}

function translateCharacter(character: string, inBraces: boolean): string {
  switch (character) {
    case '*':
      return '[^/]*';
    case '?':
      return '[^/]';
    case '{':
      return '(?:';
    case '}':
      return inBraces ? ')' : '\\}';
    case ',':
      return inBraces ? '|' : ',';
    default:
      return quote(character);
  }
}

function quote(character: string): string {
  return SPECIAL.test(character) ? `\\${character}` : character;
}
