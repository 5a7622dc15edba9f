import { bar, line, renderSvg, text, ticks } from '@serverless-gitlab-runner/simulator';
import type { Figure } from './figure.ts';

const WIDTH = 980;
const LABELS = 560;
const RIGHT = 70;
const ROW = 24;
const TOP = 70;
const MAX_LABEL = 76;
/** Of a value in the plot, so that it does not cross the line at 1. */
const VALUE_WIDTH = 34;
const GREEN = 2;
const ORANGE = 3;

/** Plots each figure that has a target, as a multiple of its target: bars beyond the line at 1 miss it. */
export function plotFigures(figures: readonly Figure[]): string {
  const rows = figures.flatMap(({ figure, ratio, target, met }) =>
    target === null || target === 0 ? [] : { label: shorten(figure), value: ratio / target, met },
  );
  const max = Math.max(1, ...rows.map(({ value }) => value)) * 1.05;
  const scale = (value: number) => LABELS + (value / max) * (WIDTH - LABELS - RIGHT);
  const bottom = TOP + rows.length * ROW;
  const body = [
    ...ticks(max).flatMap((tick) => [
      line(scale(tick), TOP, scale(tick), bottom, 'grid'),
      text(scale(tick), bottom + 18, String(tick), { anchor: 'middle', class: 'soft' }),
    ]),
    ...rows.flatMap(({ label, value, met }, index) => {
      const y = TOP + index * ROW;
      return [
        text(LABELS - 10, y + 16, label, { anchor: 'end' }),
        bar(LABELS, y + 4, { width: scale(value) - LABELS, height: 15 }, met ? GREEN : ORANGE),
        text(besideBar(scale(value), scale(1)), y + 16, rounded(value, met), { class: 'soft' }),
      ];
    }),
    line(scale(1), TOP - 6, scale(1), bottom, 'mark'),
  ];
  return renderSvg(
    { width: WIDTH, height: bottom + 34 },
    'npm run bench: figures as a multiple of their target',
    'Green bars meet their target, which is the line at 1; orange bars miss it.',
    body,
  );
}

/** Where a bar's value stands: behind the line at 1 if it would cross it. */
function besideBar(end: number, mark: number): number {
  return end < mark && end + VALUE_WIDTH > mark ? mark + 6 : end + 6;
}

/** With as many digits as show whether the target is met. */
function rounded(value: number, met: boolean): string {
  return value.toFixed(Number(value.toFixed(2)) <= 1 === met ? 2 : 3);
}

/** Without details in parentheses, and at most one line long. */
function shorten(figure: string): string {
  const label = figure.replaceAll(/ \([^)]*\)/g, '');
  return label.length <= MAX_LABEL ? label : `${label.slice(0, MAX_LABEL - 1)}…`;
}
