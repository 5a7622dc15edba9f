import { styleText } from 'node:util';
import Table from 'cli-table3';

/** Borders of a table without lines: columns are separated by spaces. */
const PLAIN = {
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
    ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
    ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

/** Renders rows in columns, without lines. @param right columns that are aligned to the right, by their index */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[] {
  const colAligns = head.map((_, index) => (right.includes(index) ? ('right' as const) : ('left' as const)));
  const table = new Table({ ...PLAIN, head: head.map((name) => styleText('dim', name)), colAligns });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** The end of a text that has at most that many characters, where `…` stands for the rest. */
export function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `…${text.slice(text.length - characters + 1)}`;
}
