import { type Figures, policyByName } from '@serverless-gitlab-runner/simulation';
import type { Study, TeamResult, Variation } from '../study.ts';
import { bar, type Colour, disc, dot, line, path, renderSvg, text, ticks } from './svg.ts';
import { fixed } from './text.ts';

/** A plot and its file name. */
export interface Plot {
  file: string;
  svg: string;
  /** Alternative text. */
  alt: string;
}

const WIDTH = 860;
const LABELS = 280;
const RIGHT = 90;
const ROW = 26;
const TOP = 92;
/** Higher costs are cut off; the number is shown next to the bar. */
const MAX_COST_SHOWN = 3;

/** Every plot of a study. */
export function plotsOf(study: Study): Plot[] {
  const plots = study.teams.flatMap((team) => [waitingPlot(team), costPlot(team), distributionPlot(team)]);
  return study.starts.length === 0 ? plots : [...plots, startsPlot(study.starts)];
}

export function fileName(kind: string, { name }: Pick<TeamResult, 'name'>): string {
  return `${kind}-${name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.svg`;
}

/** Waiting time of pipelines by policy: mean as a bar, median as a stroke, 95th percentile as a ring. */
function waitingPlot(team: TeamResult): Plot {
  const rows = team.figures.filter(({ policy }) => policy !== 'floor');
  const max = Math.max(...rows.map(({ waitedStarts }) => waitedStarts.p95)) * 1.03;
  const scale = (value: number) => LABELS + (value / max) * (WIDTH - LABELS - RIGHT);
  const bottom = TOP + rows.length * ROW;
  const body = [
    legend([
      ['bar', 'mean'],
      ['stroke', 'median'],
      ['ring', '95th percentile'],
    ]),
    text(WIDTH - 16, TOP - 10, 'cost', { anchor: 'end', class: 'soft' }),
    ...axis(ticks(max), scale, bottom),
    ...rows.flatMap((figures, index) => {
      const y = TOP + index * ROW;
      const { mean, median, p95 } = figures.waitedStarts;
      return [
        ...rowLabels(figures, team, y),
        bar(LABELS, y + 5, { width: scale(mean) - LABELS, height: 16 }, colourOf(figures, team)),
        line(scale(median), y + 2, scale(median), y + 24, 'mark'),
        dot(scale(p95), y + 13),
      ];
    }),
  ];
  const subtitle = `${team.name}: ${team.pipelines} pipelines; one start is ${fixed(team.startSeconds, 0)} s. Cost: relative to today.`;
  return {
    file: fileName('waiting', team),
    svg: renderSvg(
      { width: WIDTH, height: bottom + 34 },
      'Waiting time of a pipeline, in task starts',
      subtitle,
      body,
    ),
    alt: `Waiting time of a pipeline in task starts by policy, ${team.name}`,
  };
}

/** Cost of each policy by purpose, relative to today. */
function costPlot(team: TeamResult): Plot {
  const [today] = team.figures;
  const unit = today?.usd ?? 1;
  const scale = (value: number) => LABELS + (value / MAX_COST_SHOWN) * (WIDTH - LABELS - RIGHT);
  const bottom = TOP + team.figures.length * ROW;
  const body = [
    legend([
      [1, 'jobs'],
      [0, 'managers'],
      [3, 'unclaimed tasks'],
      [4, 'claimed tasks, idle'],
    ]),
    ...axis([0, 0.5, 1, 1.5, 2, 2.5, 3], scale, bottom),
    ...team.figures.flatMap((figures, index) => {
      const y = TOP + index * ROW;
      return [...rowLabels(figures, team, y), ...costBars(figures, unit, scale, y)];
    }),
  ];
  const subtitle = `${team.name}, us-east-1 on demand. Bars are cut off at ${MAX_COST_SHOWN} ×; the full figure is on the right.`;
  return {
    file: fileName('cost', team),
    svg: renderSvg({ width: WIDTH, height: bottom + 34 }, 'Cost, relative to today', subtitle, body),
    alt: `Cost by policy relative to today, ${team.name}`,
  };
}

function costBars(figures: Figures, unit: number, scale: (value: number) => number, y: number): string[] {
  const { usd, managersUsd, unclaimedUsd, idleUsd } = figures;
  const parts: [number, Colour][] = [
    [usd - managersUsd - unclaimedUsd - idleUsd, 1],
    [managersUsd, 0],
    [unclaimedUsd, 3],
    [idleUsd, 4],
  ];
  let from = 0;
  return parts.map(([part, colour]) => {
    const begin = Math.min(MAX_COST_SHOWN, from / unit);
    from += part;
    const end = Math.min(MAX_COST_SHOWN, from / unit);
    return bar(scale(begin), y + 5, { width: scale(end) - scale(begin), height: 16 }, colour);
  });
}

const LINES: readonly { policy: string; colour: Colour; dash: string }[] = [
  { policy: 'today', colour: 0, dash: '' },
  { policy: 'next-end', colour: 3, dash: '2 3' },
  { policy: 'next-one-book', colour: 2, dash: '' },
  { policy: 'first', colour: 1, dash: '6 4' },
  { policy: 'managed-instances', colour: 5, dash: '8 3 2 3' },
  { policy: 'oracle', colour: 4, dash: '3 3' },
];

/** Cumulative distribution of the waiting time of pipelines. */
function distributionPlot(team: TeamResult): Plot {
  const frame = { left: 60, right: WIDTH - 345, top: 76, bottom: 380 };
  const sorted = new Map(
    [...team.waits].map(([name, waits]) => [name, waits.toSorted((one, other) => one - other)]),
  );
  const today = sorted.get('today') ?? [];
  const max = Math.max(60, today[Math.floor(today.length * 0.97)] ?? 0);
  const x = (seconds: number) => frame.left + (seconds / max) * (frame.right - frame.left);
  const y = (part: number) => frame.bottom - part * (frame.bottom - frame.top);
  const body = [
    ...ticks(max).flatMap((value) => [
      line(x(value), frame.top, x(value), frame.bottom, 'grid'),
      text(x(value), frame.bottom + 18, `${value}`, { anchor: 'middle', class: 'soft' }),
    ]),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
      line(frame.left, y(value), frame.right, y(value), 'grid'),
      text(frame.left - 8, y(value) + 4, `${value * 100} %`, { anchor: 'end', class: 'soft' }),
    ]),
    text((frame.left + frame.right) / 2, frame.bottom + 38, 'seconds waited', {
      anchor: 'middle',
      class: 'soft',
    }),
    ...LINES.flatMap(({ policy, colour, dash }, index) => {
      const waits = sorted.get(policy) ?? [];
      const points = Array.from({ length: 101 }, (_, part) => part / 100)
        .map((part) => [waits[Math.round(part * (waits.length - 1))] ?? 0, part] as const)
        .filter(([seconds]) => seconds <= max)
        .map(([seconds, part]) => [x(Math.max(0, seconds)), y(part)] as const);
      const row = frame.top + 20 + index * 24;
      return [
        path(points, colour, dash),
        path([[frame.right + 20, row - 4] as const, [frame.right + 52, row - 4] as const], colour, dash),
        text(frame.right + 60, row, labelOf(policy)),
      ];
    }),
  ];
  return {
    file: fileName('distribution', team),
    svg: renderSvg(
      { width: WIDTH, height: 436 },
      'Cumulative fraction of pipelines, by seconds waited',
      `${team.name}: ${team.pipelines} pipelines`,
      body,
    ),
    alt: `Distribution of the waiting time of pipelines in seconds, ${team.name}`,
  };
}

/** Waiting time of pipelines with other start times. */
function startsPlot(variations: readonly Variation[]): Plot {
  const frame = { left: 60, right: WIDTH - 345, top: 76, bottom: 380 };
  const sorted = variations.toSorted((one, other) => one.startSeconds - other.startSeconds);
  const series: readonly {
    name: keyof Variation & ('today' | 'chosen' | 'instances' | 'oracle');
    label: string;
    colour: Colour;
  }[] = [
    { name: 'today', label: 'today', colour: 0 },
    { name: 'chosen', label: 'chosen policy', colour: 2 },
    { name: 'oracle', label: 'next stage, oracle', colour: 4 },
    { name: 'instances', label: 'Managed Instances', colour: 5 },
  ];
  const maxX = Math.max(...sorted.map(({ startSeconds }) => startSeconds)) * 1.05;
  const maxY = Math.max(...sorted.map(({ today }) => today.waitedSeconds.mean)) * 1.05;
  const x = (seconds: number) => frame.left + (seconds / maxX) * (frame.right - frame.left);
  const y = (seconds: number) => frame.bottom - (seconds / maxY) * (frame.bottom - frame.top);
  const body = [
    ...ticks(maxX).flatMap((value) => [
      line(x(value), frame.top, x(value), frame.bottom, 'grid'),
      text(x(value), frame.bottom + 18, `${value}`, { anchor: 'middle', class: 'soft' }),
    ]),
    ...ticks(maxY).flatMap((value) => [
      line(frame.left, y(value), frame.right, y(value), 'grid'),
      text(frame.left - 8, y(value) + 4, `${value}`, { anchor: 'end', class: 'soft' }),
    ]),
    text((frame.left + frame.right) / 2, frame.bottom + 38, 'mean start time of a job task, in seconds', {
      anchor: 'middle',
      class: 'soft',
    }),
    ...series.flatMap(({ name, label, colour }, index) => {
      const points = sorted.map(
        (variation) => [x(variation.startSeconds), y(variation[name].waitedSeconds.mean)] as const,
      );
      const row = frame.top + 20 + index * 24;
      return [
        path(points, colour, ''),
        ...points.map(([px, py]) => disc(px, py, colour)),
        path([[frame.right + 20, row - 4] as const, [frame.right + 52, row - 4] as const], colour, ''),
        text(frame.right + 60, row, label),
      ];
    }),
  ];
  return {
    file: 'starts.svg',
    svg: renderSvg(
      { width: WIDTH, height: 436 },
      'Waiting time of a pipeline, in seconds, by start time',
      'team of 50, mean of all pipelines',
      body,
    ),
    alt: 'Mean waiting time of a pipeline in seconds, by start time of a task, team of 50',
  };
}

function axis(values: readonly number[], scale: (value: number) => number, bottom: number): string[] {
  return values.flatMap((value) => [
    line(scale(value), TOP, scale(value), bottom, 'grid'),
    text(scale(value), bottom + 18, fixed(value, Number.isInteger(value) ? 0 : 1), {
      anchor: 'middle',
      class: 'soft',
    }),
  ]);
}

function rowLabels(figures: Figures, { chosen }: TeamResult, y: number): string[] {
  const label = figures.policy === chosen ? `${figures.label} ←` : figures.label;
  return [
    text(LABELS - 10, y + 18, label, { anchor: 'end' }),
    text(WIDTH - 16, y + 18, `× ${fixed(figures.cost, 2)}`, { anchor: 'end' }),
  ];
}

function colourOf({ policy }: Figures, { chosen }: TeamResult): Colour {
  if (policy === chosen) return 2;
  return policy === 'today' ? 0 : 1;
}

function legend(entries: readonly (readonly [Colour | 'bar' | 'stroke' | 'ring', string])[]): string {
  let x = LABELS;
  return entries
    .map(([sign, label]) => {
      const begin = x;
      x += 40 + label.length * 7.6;
      return `${signOf(sign, begin)}${text(begin + 20, TOP - 10, label, { class: 'soft' })}`;
    })
    .join('\n');
}

function signOf(sign: Colour | 'bar' | 'stroke' | 'ring', x: number): string {
  const y = TOP - 14;
  if (sign === 'stroke') return line(x + 7, y - 8, x + 7, y + 6, 'mark');
  if (sign === 'ring') return dot(x + 7, y);
  return bar(x, y - 6, { width: 14, height: 12 }, sign === 'bar' ? 1 : sign);
}

function labelOf(policy: string): string {
  return policyByName(policy).label;
}
