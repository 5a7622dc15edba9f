import { stripVTControlCharacters } from 'node:util';

const MOST_LINES = 15;
const MOST_CHARACTERS_A_LINE = 400;
const MOST_CHARACTERS_OF_A_COLOURED_LINE = 2000;
/** Characters that would move the job log's cursor, or begin one of GitLab's sections in it. */
const CONTROL = /\p{Cc}/gu;

/** The last lines of what a program wrote, fit for the job log: no colours, which would go on in it. */
export function lastLines(text: string): string[] {
  const all = text.trimEnd();
  if (all === '') return [];
  return all
    .split('\n')
    .slice(-MOST_LINES)
    .map((line) =>
      // Cut before: the time that removing colours takes grows with the square.
      stripVTControlCharacters(line.slice(0, MOST_CHARACTERS_OF_A_COLOURED_LINE))
        .replaceAll('\t', '  ')
        .replace(CONTROL, '')
        .slice(0, MOST_CHARACTERS_A_LINE),
    );
}
