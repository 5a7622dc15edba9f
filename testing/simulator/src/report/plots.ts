import type { Figures } from '../figures.ts';
import { policyNamed } from '../policies.ts';
import type { Study, TeamResult, Variation } from '../study.ts';
import { bar, type Colour, disc, dot, path, picture, straight, text, ticks } from './svg.ts';
import { fixed } from './text.ts';

/** A picture and the file that it goes to. */
export interface Plot {
  file: string;
  svg: string;
  /** What it shows, for those who do not see it. */
  alt: string;
}

const WIDTH = 860;
const LABELS = 280;
const RIGHT = 90;
const ROW = 26;
const TOP = 92;
/** A cost beyond this is cut off; its figure stands beside it. */
const MOST_COST_SHOWN = 3;

/** Every plot of a study. */
export function plotsOf(study: Study): Plot[] {
  const plots = study.teams.flatMap((team) => [waitingPlot(team), costPlot(team), distributionPlot(team)]);
  return study.starts.length === 0 ? plots : [...plots, startsPlot(study.starts)];
}

export function fileName(kind: string, { name }: Pick<TeamResult, 'name'>): string {
  return `${kind}-${name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.svg`;
}

/** How long pipelines wait under each policy: mean as a bar, median as a stroke, 95 % as a ring. */
function waitingPlot(team: TeamResult): Plot {
  const rows = team.figures.filter(({ policy }) => policy !== 'floor');
  const most = Math.max(...rows.map(({ waitedStarts }) => waitedStarts.p95)) * 1.03;
  const scale = (value: number) => LABELS + (value / most) * (WIDTH - LABELS - RIGHT);
  const bottom = TOP + rows.length * ROW;
  const body = [
    legend([
      ['bar', 'mean'],
      ['stroke', 'median'],
      ['ring', '95 % wait less'],
    ]),
    text(WIDTH - 16, TOP - 10, 'cost', { anchor: 'end', class: 'soft' }),
    ...axis(ticks(most), scale, bottom),
    ...rows.flatMap((figures, index) => {
      const y = TOP + index * ROW;
      const { mean, median, p95 } = figures.waitedStarts;
      return [
        ...rowLabels(figures, team, y),
        bar(LABELS, y + 5, { width: scale(mean) - LABELS, height: 16 }, colourOf(figures, team)),
        straight(scale(median), y + 2, scale(median), y + 24, 'mark'),
        dot(scale(p95), y + 13),
      ];
    }),
  ];
  const subtitle = `${team.name}: ${team.pipelines} pipelines; one start is ${fixed(team.startSeconds, 0)} s. Cost: multiple of today's.`;
  return {
    file: fileName('waiting', team),
    svg: picture(
      { width: WIDTH, height: bottom + 34 },
      'Waiting of a pipeline, in task starts',
      subtitle,
      body,
    ),
    alt: `Waiting of a pipeline in task starts by policy, ${team.name}`,
  };
}

/** What each policy costs, by today's cost, and what for. */
function costPlot(team: TeamResult): Plot {
  const [today] = team.figures;
  const unit = today?.usd ?? 1;
  const scale = (value: number) => LABELS + (value / MOST_COST_SHOWN) * (WIDTH - LABELS - RIGHT);
  const bottom = TOP + team.figures.length * ROW;
  const body = [
    legend([
      [1, 'jobs'],
      [0, 'managers'],
      [3, 'unclaimed tasks'],
      [4, 'claimed tasks, waiting'],
    ]),
    ...axis([0, 0.5, 1, 1.5, 2, 2.5, 3], scale, bottom),
    ...team.figures.flatMap((figures, index) => {
      const y = TOP + index * ROW;
      return [...rowLabels(figures, team, y), ...costBars(figures, unit, scale, y)];
    }),
  ];
  const subtitle = `${team.name}, us-east-1 on demand. Beyond ${MOST_COST_SHOWN} × cut off: the figure is at the right.`;
  return {
    file: fileName('cost', team),
    svg: picture({ width: WIDTH, height: bottom + 34 }, "Cost, in multiples of today's", subtitle, body),
    alt: `Cost by policy in multiples of today's, ${team.name}`,
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
    const begin = Math.min(MOST_COST_SHOWN, from / unit);
    from += part;
    const end = Math.min(MOST_COST_SHOWN, from / unit);
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

/** Which part of the pipelines waits at most how long. */
function distributionPlot(team: TeamResult): Plot {
  const frame = { left: 60, right: WIDTH - 345, top: 76, bottom: 380 };
  const sorted = new Map(
    [...team.waits].map(([name, waits]) => [name, waits.toSorted((one, other) => one - other)]),
  );
  const today = sorted.get('today') ?? [];
  const most = Math.max(60, today[Math.floor(today.length * 0.97)] ?? 0);
  const x = (seconds: number) => frame.left + (seconds / most) * (frame.right - frame.left);
  const y = (part: number) => frame.bottom - part * (frame.bottom - frame.top);
  const body = [
    ...ticks(most).flatMap((value) => [
      straight(x(value), frame.top, x(value), frame.bottom, 'grid'),
      text(x(value), frame.bottom + 18, `${value}`, { anchor: 'middle', class: 'soft' }),
    ]),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
      straight(frame.left, y(value), frame.right, y(value), 'grid'),
      text(frame.left - 8, y(value) + 4, `${value * 100} %`, { anchor: 'end', class: 'soft' }),
    ]),
    text((frame.left + frame.right) / 2, frame.bottom + 38, 'seconds waited, at most', {
      anchor: 'middle',
      class: 'soft',
    }),
    ...LINES.flatMap(({ policy, colour, dash }, index) => {
      const waits = sorted.get(policy) ?? [];
      const points = Array.from({ length: 101 }, (_, part) => part / 100)
        .map((part) => [waits[Math.round(part * (waits.length - 1))] ?? 0, part] as const)
        .filter(([seconds]) => seconds <= most)
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
    svg: picture(
      { width: WIDTH, height: 436 },
      'Part of the pipelines, by seconds waited',
      `${team.name}: ${team.pipelines} pipelines`,
      body,
    ),
    alt: `Distribution of the seconds that pipelines wait, ${team.name}`,
  };
}

/** How long pipelines wait with other start times. */
function startsPlot(variations: readonly Variation[]): Plot {
  const frame = { left: 60, right: WIDTH - 345, top: 76, bottom: 380 };
  const sorted = variations.toSorted((one, other) => one.startSeconds - other.startSeconds);
  const series: readonly {
    name: keyof Variation & ('today' | 'chosen' | 'instances' | 'oracle');
    label: string;
    colour: Colour;
  }[] = [
    { name: 'today', label: 'today', colour: 0 },
    { name: 'chosen', label: 'the chosen policy', colour: 2 },
    { name: 'oracle', label: 'an oracle of the next stage', colour: 4 },
    { name: 'instances', label: 'Managed Instances', colour: 5 },
  ];
  const mostX = Math.max(...sorted.map(({ startSeconds }) => startSeconds)) * 1.05;
  const mostY = Math.max(...sorted.map(({ today }) => today.waitedSeconds.mean)) * 1.05;
  const x = (seconds: number) => frame.left + (seconds / mostX) * (frame.right - frame.left);
  const y = (seconds: number) => frame.bottom - (seconds / mostY) * (frame.bottom - frame.top);
  const body = [
    ...ticks(mostX).flatMap((value) => [
      straight(x(value), frame.top, x(value), frame.bottom, 'grid'),
      text(x(value), frame.bottom + 18, `${value}`, { anchor: 'middle', class: 'soft' }),
    ]),
    ...ticks(mostY).flatMap((value) => [
      straight(frame.left, y(value), frame.right, y(value), 'grid'),
      text(frame.left - 8, y(value) + 4, `${value}`, { anchor: 'end', class: 'soft' }),
    ]),
    text((frame.left + frame.right) / 2, frame.bottom + 38, 'seconds that a job task takes to start, mean', {
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
    svg: picture(
      { width: WIDTH, height: 436 },
      'Waiting of a pipeline, in seconds, by the time that a start takes',
      'team of 50, mean of all pipelines',
      body,
    ),
    alt: 'Mean seconds that a pipeline waits by the time that a task takes to start, team of 50',
  };
}

function axis(values: readonly number[], scale: (value: number) => number, bottom: number): string[] {
  return values.flatMap((value) => [
    straight(scale(value), TOP, scale(value), bottom, 'grid'),
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
  if (sign === 'stroke') return straight(x + 7, y - 8, x + 7, y + 6, 'mark');
  if (sign === 'ring') return dot(x + 7, y);
  return bar(x, y - 6, { width: 14, height: 12 }, sign === 'bar' ? 1 : sign);
}

function labelOf(policy: string): string {
  return policyNamed(policy).label;
}
