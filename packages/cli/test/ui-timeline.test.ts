import { describe, expect, it } from 'vitest';
import { matches, measureWords, phaseSums, stateWords } from '../page/job-words.js';
import { fittingRange, jobSegments, lanesOf, managerSegments, placeOf, ticksOf } from '../page/timeline.js';
import type { JobRow } from '../src/ui/snapshot.ts';

const times = {
  queuedAt: undefined,
  requestedAt: undefined,
  pullStartedAt: undefined,
  pullStoppedAt: undefined,
  startedAt: undefined,
  endedAt: undefined,
};
const NOW = 1000;

/** Segments as `phase from-to`. */
const written = (segments: { phase: string; from: number; to: number }[]) =>
  segments.map(({ phase, from, to }) => `${phase} ${from}-${to}`);

describe("a job's phases", () => {
  it.each<[string, Partial<JobRow>, string[]]>([
    ['waits', { state: 'queued', queuedAt: 400 }, ['queued 400-1000']],
    [
      'has all of them',
      {
        ...{ state: 'ended', queuedAt: 100, requestedAt: 200, pullStartedAt: 300, pullStoppedAt: 400 },
        ...{ startedAt: 450, endedAt: 800 },
      },
      ['queued 100-200', 'starting 200-300', 'pull 300-400', 'starting 400-450', 'running 450-800'],
    ],
    [
      'is known from the log only',
      { state: 'ended', queuedAt: 100, startedAt: 450, endedAt: 800 },
      ['queued 100-450', 'running 450-800'],
    ],
    [
      'failed to start',
      { state: 'ended', queuedAt: 100, requestedAt: 200, pullStartedAt: 300, endedAt: 350 },
      ['queued 100-200', 'starting 200-300', 'pull 300-350'],
    ],
    [
      'took a task that was started ahead',
      {
        state: 'running',
        queuedAt: 600,
        requestedAt: 200,
        pullStartedAt: 250,
        pullStoppedAt: 300,
        startedAt: 620,
      },
      ['ahead 200-600', 'queued 600-620', 'running 620-1000'],
    ],
    ['is a task that waits for its job', { state: 'ahead', requestedAt: 200 }, ['ahead 200-1000']],
    [
      'has clocks that differ',
      { state: 'running', queuedAt: 500, requestedAt: 510, pullStartedAt: 505, startedAt: 900 },
      ['queued 500-510', 'starting 510-510', 'pull 510-900', 'running 900-1000'],
    ],
    [
      'ended before it began, by other clocks',
      { state: 'ended', startedAt: 900, endedAt: 800 },
      ['running 800-800'],
    ],
    [
      'went on unseen',
      { state: 'unclear', queuedAt: 100, startedAt: 200 },
      ['queued 100-200', 'running 200-200'],
    ],
    ['is not known at all', { state: 'ended' }, []],
  ])('%s', (_title, job, expected) => {
    expect(written(jobSegments({ ...times, state: 'ended', ...job }, NOW))).toEqual(expected);
  });

  it('add up, one that came twice once', () => {
    const job = {
      ...times,
      state: 'running' as const,
      requestedAt: 100,
      pullStartedAt: 150,
      pullStoppedAt: 300,
    };
    expect(phaseSums(jobSegments({ ...job, startedAt: 320 }, NOW))).toEqual([
      ['starting', 70],
      ['pull', 150],
      ['running', 680],
    ]);
  });
});

it("a manager's phases end with it", () => {
  const manager = { requestedAt: 100, startedAt: 200, drainAt: 500, endedAt: 600 };
  expect(written(managerSegments(manager, NOW))).toEqual([
    'starting 100-200',
    'running 200-500',
    'draining 500-600',
  ]);
});

describe('a place on the track', () => {
  const shown = { from: 1000, to: 2000 };
  it.each([
    ['inside', { from: 1250, to: 1500 }, { left: 25, width: 25 }],
    ['clipped at both ends', { from: 0, to: 9000 }, { left: 0, width: 100 }],
    ['at a moment', { from: 1500, to: 1500 }, { left: 50, width: 0 }],
    ['before', { from: 0, to: 999 }, undefined],
    ['after', { from: 2001, to: 3000 }, undefined],
  ])('%s', (_title, span, place) => {
    expect(placeOf(span, shown)).toEqual(place);
  });
});

describe('ticks', () => {
  const at = (text: string) => Date.parse(`2026-11-23T${text}Z`);
  const HOUR = 3_600_000;
  it.each<[string, string, string, number, number, string[]]>([
    ['of minutes', '10:02', '10:17', 5, 0, ['10:05', '10:10', '10:15']],
    ['of hours', '04:30', '10:30', 6, 0, ['05:00', '06:00', '07:00', '08:00', '09:00', '10:00']],
    [
      'of hours that are round half an hour beside UTC',
      '04:10',
      '07:10',
      3,
      HOUR / 2,
      ['04:30', '05:30', '06:30'],
    ],
    [
      'of three hours, at midnight in local time',
      '00:00',
      '12:00',
      5,
      HOUR,
      ['02:00', '05:00', '08:00', '11:00'],
    ],
  ])('%s', (_title, from, to, max, offset, expected) => {
    const ticks = ticksOf({ from: at(from), to: at(to) }, max, offset);
    expect(ticks.map((tick) => new Date(tick).toISOString().slice(11, 16))).toEqual(expected);
  });

  it.each([1, 2, 7, 40])('are at most %i, in any range', (max) => {
    for (const minutes of [1, 15, 60, 360, 1440, 20_160]) {
      const span = { from: at('10:00'), to: at('10:00') + minutes * 60_000 };
      expect(ticksOf(span, max, 0).length).toBeLessThanOrEqual(max);
    }
  });
});

describe('lanes', () => {
  it('are as few as fit without overlap', () => {
    const spans = [
      { from: 50, to: 90 },
      { from: 0, to: 40 },
      { from: 10, to: 60 },
      { from: 40, to: 50 },
      { from: 95, to: 99 },
    ];
    expect(lanesOf(spans)).toEqual([[spans[1], spans[3], spans[0], spans[4]], [spans[2]]]);
  });
});

describe('the range at first', () => {
  const RANGES = [100, 400, 1600];
  const queued = (...ages: number[]) => ages.map((age) => ({ ...times, queuedAt: NOW - age }));
  it.each([
    ['is the shortest if there is no job', [], 100],
    ['shows the only job', queued(250), 400],
    ['shows the newest ten', queued(...Array(10).fill(50), 900), 100],
    ['is the longest if none is long enough', queued(5000), 1600],
  ])('%s', (_title, jobs, range) => {
    expect(fittingRange(jobs, NOW, RANGES)).toBe(range);
  });
});

describe('the words of a job', () => {
  const job: JobRow = {
    ...times,
    ...{ id: 'x', jobId: 4711, name: 'unit', project: 'team/app', ref: 'main', fleet: 'default' },
    ...{ taskId: 'abc', managerTaskId: undefined, state: 'ended', outcome: 'completed', costUsd: 0.0011 },
    ...{ pageUrl: undefined, queuedAt: 0, startedAt: 20_000, endedAt: 100_000 },
  };

  it.each<[Partial<JobRow>, string]>([
    [{}, 'done'],
    [{ outcome: 'lost' }, 'task lost'],
    [{ outcome: undefined }, 'ended'],
    [{ state: 'running' }, 'runs 80 s'],
    [{ state: 'queued' }, 'waits 100 s'],
    [{ state: 'starting' }, 'starts'],
    [{ state: 'unclear' }, 'unclear'],
  ])('%j: %s', (over, words) => {
    expect(stateWords({ ...job, ...over }, 100_000)).toBe(words);
  });

  it('say what is over', () => {
    expect(measureWords(job)).toEqual(['waited 20 s', 'ran 80 s', '$0.0011']);
    expect(measureWords({ ...job, endedAt: undefined, costUsd: undefined })).toEqual(['waited 20 s']);
  });

  it.each([
    ['', true],
    ['UNIT app', true],
    ['4711', true],
    ['default unit', true],
    ['other', false],
  ])('%j finds it: %s', (search, found) => {
    expect(matches(job, search)).toBe(found);
  });
});
