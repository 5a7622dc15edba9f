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

/** Characters between two columns. */
const GAP = 2;
const MIN_COLUMN = 8;

/** Shortens the cells of the long columns, so that the widest row has at most that many characters. */
export function shortenColumns(
  rows: readonly (readonly string[])[],
  long: readonly number[],
  characters: number,
): string[][] {
  const [first = []] = rows;
  const widthOf = (index: number) => Math.max(...rows.map((row) => row[index]?.length ?? 0));
  const fixed = first.map((_, index) => index).filter((index) => !long.includes(index));
  const taken = fixed.reduce((sum, index) => sum + widthOf(index), GAP * (first.length - 1));
  const each = Math.max(MIN_COLUMN, Math.floor((characters - taken) / long.length));
  return rows.map((row) => row.map((cell, index) => (long.includes(index) ? shorten(cell, each) : cell)));
}
