import Table from 'cli-table3';
import pc from 'picocolors';
import type { Figure } from './figure.ts';

const WIDTHS = { figure: 72 } as const;

/** Renders the table of all figures. */
export function renderFigures(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['figure', 'value', 'baseline', 'ratio', 'target', ''],
    style: { head: pc.isColorSupported ? ['bold'] : [], border: [] },
    colWidths: [WIDTHS.figure, null, null, null, null, null],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    wordWrap: true,
  });
  for (const { figure, unit, value, baseline, ratio, target, met } of figures) {
    table.push([
      figure,
      `${formatNumber(value)} ${unit}`,
      `${formatNumber(baseline)} ${unit}`,
      ratio.toFixed(2),
      target === null ? '' : `≤ ${target}`,
      target === null ? '' : met ? pc.green('met') : pc.red('missed'),
    ]);
  }
  return table.toString();
}

/** Three significant digits. */
function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
