import type { Study, TeamResult, Variation } from '../study.ts';
import { fixed, percent, usd, usdAHundred } from './text.ts';

/** Head and rows of a table; the first column is text. */
export interface Table {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Figures of a team for every policy. */
export function teamTable({ figures, pipelines, chosen }: TeamResult): Table {
  return {
    head: [
      'policy',
      'median',
      'mean',
      'p95',
      '≥ 4 stages',
      '$/100',
      'cost',
      '$/saved min',
      'unclaimed',
      'idle',
      'claimed',
    ],
    rows: figures.map((each) => [
      `${each.label}${each.policy === chosen ? ' ←' : ''}`,
      fixed(each.waitedStarts.median, 2),
      fixed(each.waitedStarts.mean, 2),
      fixed(each.waitedStarts.p95, 2),
      fixed(each.longPipelinesMeanStarts, 2),
      usdAHundred(each.usd, pipelines),
      `× ${fixed(each.cost, 2)}`,
      usd(each.usdPerSavedMinute, 4),
      percent(each.unclaimedUsd / each.usd),
      percent(each.idleUsd / each.usd),
      percent(each.claimed),
    ]),
  };
}

export function goalsTable({ goals }: Study): Table {
  return {
    head: ['goal for a team of 50', 'target', 'value', ''],
    rows: goals.map(({ goal, target, value, isMet }) => [
      goal,
      `≤ ${target}`,
      fixed(value, value !== undefined && Math.abs(value) < 0.1 ? 4 : 3),
      isMet ? 'met' : 'not met',
    ]),
  };
}

/** Waiting time in starts; cost relative to today under the same assumption. */
export function variationsTable(first: string, variations: readonly Variation[]): Table {
  return {
    head: [first, 'one start', 'today', 'chosen', 'its cost', 'oracle', 'Managed Instances', 'their cost'],
    rows: variations.map(({ label, startSeconds, today, chosen, oracle, instances }) => [
      label,
      `${fixed(startSeconds, 0)} s`,
      fixed(today.waitedStarts.mean, 2),
      fixed(chosen.waitedStarts.mean, 2),
      `× ${fixed(chosen.cost, 2)}`,
      fixed(oracle.waitedStarts.mean, 2),
      fixed(instances.waitedStarts.mean, 2),
      `× ${fixed(instances.cost, 2)}`,
    ]),
  };
}

/** Aligns the columns for a terminal: the first to the left, the others to the right. */
export function renderForTerminal({ head, rows }: Table): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const render = (line: readonly string[]) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return lines.map(render).join('\n');
}

export function renderMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'---:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n');
}
