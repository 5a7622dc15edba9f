import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** The command line cannot be used. The message says why, and what to write. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Parses a command line strictly: unknown options are refused with the nearest known one.
 * @param positionals whether arguments without a dash are allowed
 * @throws {UsageError}
 */
export function parseOptions<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  { positionals = false } = {},
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: positionals, strict: true });
  } catch (error) {
    throw new UsageError(explain(error, args, Object.keys(options)), { cause: error });
  }
}

function explain(error: unknown, args: readonly string[], known: readonly string[]): string {
  const code = (error as { code?: string }).code;
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const given = /'(-[^']*)'/.exec(message)?.[1] ?? args.find((arg) => arg.startsWith('-')) ?? '';
    return `Unknown option ${given}.${suggestion(given.replace(/^-+/, ''), known)} --help lists all.`;
  }
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    const given = /'([^']*)'/.exec(message)?.[1] ?? '';
    return `Unexpected argument "${given}".${suggestion(given, known)} --help lists all options.`;
  }
  // Node's own sentence for a missing or a superfluous value; what follows its first sentence is about shells.
  return `${message.split(/\.\s|\n/)[0]?.replace(/\.$/, '')}.`;
}

function suggestion(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  return nearest === undefined ? '' : ` Did you mean --${nearest}?`;
}

/** What a sentence about an unknown name ends with, before its question mark: the nearest known one, if any is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}`;
}

/** The known name that differs least, or undefined if none is near. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((name) => ({
      name,
      distance: name.startsWith(given) && given !== '' ? 1 : editDistance(given, name),
    }))
    .sort((one, other) => one.distance - other.distance);
  if (nearest === undefined) return undefined;
  return nearest.distance <= Math.max(2, Math.floor(nearest.name.length / 3)) ? nearest.name : undefined;
}

/** Levenshtein distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, otherLetter] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (letter === otherLetter ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
