import { parseArgs } from 'node:util';

export type OptionKind = 'text' | 'texts' | 'flag';

/** Parsed options of a command. Unknown ones are ignored: scripts of other versions of the real runner may have more. */
export type Arguments = {
  text(name: string): string;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
};

/** Parses `--name value`, `--name=value`, flags, and the one-letter options (`-x`) defined by `shorts`. */
export function parseArguments(
  argv: readonly string[],
  kinds: Readonly<Record<string, OptionKind>>,
  shorts: Readonly<Record<string, string>> = {},
): Arguments {
  const options = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      {
        type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
        multiple: kind === 'texts',
        ...(shorts[name] === undefined ? {} : { short: shorts[name] }),
      },
    ]),
  );
  const { values } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true });
  const strings = (name: string) =>
    [values[name]].flat().filter((value): value is string => typeof value === 'string');
  return {
    text: (name) => strings(name).at(-1) ?? '',
    texts: strings,
    flag: (name) => values[name] === true || values[name] === 'true',
  };
}
