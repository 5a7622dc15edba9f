import Table from 'cli-table3';
import pc from 'picocolors';
import type { CaseResult } from './run-suite.ts';

/** Renders the table of all cases. */
export function renderCases(results: readonly CaseResult[]): string {
  const table = new Table({
    head: ['keyword', 'case', 'status', 'seconds', 'details'],
    style: { head: pc.isColorSupported ? ['bold'] : [], border: [] },
    colWidths: [16, 58, 8, 9, 60],
    wordWrap: true,
  });
  for (const result of results) table.push(row(result));
  return table.toString();
}

function row({ keyword, case: name, status, seconds, why }: CaseResult): string[] {
  const paint = status === 'pass' ? pc.green : pc.red;
  return [keyword, name, paint(status), seconds.toFixed(1), why.slice(0, 600)];
}

/** Renders the numbers of passed and failed cases. */
export function renderTotals(results: readonly CaseResult[]): string {
  const failed = results.filter(({ status }) => status === 'fail').length;
  return `${results.length} cases, ${results.length - failed} passed, ${failed} failed`;
}
