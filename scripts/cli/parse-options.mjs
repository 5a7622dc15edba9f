/**
 * Strict command-line parsing. Plain JavaScript for Node 20, because `scripts/run.mjs` rejects an invalid command line before
 * anything is installed.
 */
import { parseArgs } from 'node:util';

/** The command line is invalid. The message says why, and what to write instead. */
export class UsageError extends Error {
  /** @override */
  name = 'UsageError';
}

/**
 * Parses a command line. Unknown options are rejected, with the nearest known one as a suggestion.
 * @template {import('node:util').ParseArgsOptionsConfig} Options
 * @param {readonly string[]} args
 * @param {Options} options
 * @param {{ positionals?: boolean }} [settings] `positionals`: whether arguments without a dash are allowed
 * @throws {UsageError}
 */
export function parseOptions(args, options, { positionals = false } = {}) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: positionals, strict: true });
  } catch (error) {
    throw new UsageError(explain(error, args, Object.keys(options)), { cause: error });
  }
}

/**
 * @param {unknown} error what `parseArgs` threw
 * @param {readonly string[]} args
 * @param {readonly string[]} known
 * @returns {string}
 */
function explain(error, args, known) {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const given = /'(-[^']*)'/.exec(message)?.[1] ?? args.find((arg) => arg.startsWith('-')) ?? '';
    return `Unknown option ${given}.${suggestion(given.replace(/^-+/, ''), known)} --help lists all.`;
  }
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    const given = /'([^']*)'/.exec(message)?.[1] ?? '';
    return `Unexpected argument "${given}".${suggestion(given, known)} --help lists all options.`;
  }
  // Node's own first sentence for a missing or superfluous value; the following ones are about shells.
  return `${message.split(/\.\s|\n/)[0]?.replace(/\.$/, '')}.`;
}

/**
 * @param {string} given
 * @param {readonly string[]} known
 * @returns {string}
 */
function suggestion(given, known) {
  const nearest = nearestName(given, known);
  return nearest === undefined ? '' : ` Did you mean --${nearest}?`;
}

/**
 * The end of a sentence about an unknown name, before its question mark: suggests the nearest known name, if there is one.
 * @param {string} given
 * @param {readonly string[]} known
 * @returns {string}
 */
export function didYouMean(given, known) {
  const nearest = nearestName(given, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}`;
}

/**
 * The known name with the smallest difference, or undefined if none is near.
 * @param {string} given
 * @param {readonly string[]} known
 * @returns {string | undefined}
 */
export function nearestName(given, known) {
  const [nearest] = known
    .map((name) => ({
      name,
      distance: name.startsWith(given) && given !== '' ? 1 : editDistance(given, name),
    }))
    .sort((one, other) => one.distance - other.distance);
  if (nearest === undefined) return undefined;
  return nearest.distance <= Math.max(2, Math.floor(nearest.name.length / 3)) ? nearest.name : undefined;
}

/**
 * Levenshtein distance.
 * @param {string} one
 * @param {string} other
 * @returns {number}
 */
function editDistance(one, other) {
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
