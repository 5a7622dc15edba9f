import { stripVTControlCharacters } from 'node:util';

const MAX_LINES = 15;
const MAX_CHARACTERS_PER_LINE = 400;
const MAX_CHARACTERS_OF_COLOURED_LINE = 2000;
/** Control characters: they could move the job log's cursor or start one of GitLab's sections in it. */
const CONTROL = /\p{Cc}/gu;

/** The last lines of a program's output, cleaned for the job log: without colours, which would continue in the log. */
export function lastLines(text: string): string[] {
  const all = text.trimEnd();
  if (all === '') return [];
  return all
    .split('\n')
    .slice(-MAX_LINES)
    .map((line) =>
      // Cut first: removing colours takes quadratic time.
      stripVTControlCharacters(line.slice(0, MAX_CHARACTERS_OF_COLOURED_LINE))
        .replaceAll('\t', '  ')
        .replace(CONTROL, '')
        .slice(0, MAX_CHARACTERS_PER_LINE),
    );
}
