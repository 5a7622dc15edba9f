/**
 * A line of CSV (RFC 4180). Names come from whoever may push: a cell that a spreadsheet would run as a formula begins with `'`.
 */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return cells.map((cell) => (typeof cell === 'string' ? csvText(cell) : `${cell ?? ''}`)).join(',');
}

function csvText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
