const SPECIAL = /[.+^$()|{}[\]\\*?]/;

/**
 * A pattern of `artifacts:paths` as a regular expression over paths relative to the project: `*` and `?` stay within a directory and
 * match dots too, `**` crosses directories and matches none as well, `[a-z]`, `[^a]`, `{a,b}` and `\x` as usual (doublestar's rules).
 */
export function globToRegExp(pattern: string): RegExp {
  return new RegExp(`^${translate(pattern.split('/'))}$`);
}

export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** The directory that a pattern cannot leave: where to begin to look. */
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
      // `a/**` matches `a` itself too, so the slash before it is optional with it.
      source = last
        ? `${source.replace(/\/$/, '')}${index === 0 ? '.*' : '(?:/.*)?'}`
        : `${source}(?:[^/]+/)*`;
    } else {
      source += translatePart(part) + (last ? '' : '/');
    }
  }
  return source;
}

/** The parts of a pattern within one path segment: an escape, a class, or one character. */
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
