import { wrap } from '../wrap.ts';
import type { NamedList } from './remove-kinds.ts';

/** What stays, and why. */
export interface Remaining {
  what: string;
  why: string;
}

/** Items that are shown of each kind. */
const MAX_ITEMS = 8;

/** Renders lists under a title, a kind with many items shortened. */
export function renderLists(title: string, lists: readonly NamedList[]): string[] {
  return [title, ...lists.flatMap(({ what, items }) => [`  ${what} (${items.length})`, ...itemsOf(items)])];
}

function itemsOf(items: readonly string[]): string[] {
  const isLong = items.length > MAX_ITEMS;
  const shown = (isLong ? items.slice(0, MAX_ITEMS - 1) : items).map((item) => `    ${item}`);
  return isLong ? [...shown, `    … and ${items.length - shown.length} more`] : shown;
}

/** Renders what stays, as lines of at most `columns` characters. */
export function renderRemaining(title: string, remaining: readonly Remaining[], columns: number): string[] {
  if (remaining.length === 0) return [];
  return ['', title, ...remaining.flatMap(({ what, why }) => item(`${what}: ${why}`, columns))];
}

/** The first line stands out. */
function item(text: string, columns: number): string[] {
  return wrap(text, columns, '    ').map((line, index) => (index === 0 ? line.slice(2) : line));
}
