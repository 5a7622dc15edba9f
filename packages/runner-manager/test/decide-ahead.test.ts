import { createBook, type JobName, learnArrival, learnEnd } from '@serverless-gitlab-runner/forecast';
import { describe, expect, it } from 'vitest';
import {
  type AheadFacts,
  decideAhead,
  type PipelineFacts,
  type WaitingFacts,
} from '../src/ahead/decide-ahead.ts';

const now = 10_000_000;
const nameOf = (name: string): JobName => ({ project: '3', name, isProtected: false });
const task = { shape: 'shape', cpu: 1024, memory: 2048, capacity: 'FARGATE' };

/** `test` follows `build`, which takes 200 s; tasks take 40 s to start. */
function book() {
  const learned = createBook();
  const end = (name: string, startedAt: number, finishedAt: number) =>
    learnEnd(learned, {
      ...nameOf(name),
      pipeline: '1',
      task,
      startedAt,
      finishedAt,
      startSeconds: 40,
      succeeded: true,
      wasLast: true,
    });
  for (const at of [1_000_000, 2_000_000, 3_000_000]) {
    end('build', at, at + 200_000);
    learnArrival(learned, { ...nameOf('test'), pipeline: '1' }, at + 205_000);
    end('test', at + 205_000, at + 300_000);
  }
  return learned;
}

/** Pipeline 2, whose `build` has run for these seconds. */
const building = (seconds: number, over: Partial<PipelineFacts> = {}): PipelineFacts => ({
  project: '3',
  pipeline: '2',
  isProtected: false,
  succeededAt: undefined,
  attempted: new Set<string>(),
  running: [{ name: 'build', startedAt: now - seconds * 1000, succeededAt: undefined }],
  failed: [],
  ...over,
});
const waits = (over: Partial<WaitingFacts> = {}): WaitingFacts => ({
  id: 'w',
  pipeline: '2',
  job: nameOf('test'),
  cpu: 1024,
  until: now + 600_000,
  ...over,
});

const ROOM = { jobs: 20, cpu: 4096 };

function decide(over: Partial<AheadFacts>) {
  const facts = {
    book: book(),
    pipelines: [],
    waiting: [],
    room: ROOM,
    pausedUntil: 0,
    now,
    roomOf: () => ROOM,
    ...over,
  };
  const { start, letGo, nextAt } = decideAhead(facts);
  return {
    start: start.map(({ job, pipeline }) => `${job.name} of ${pipeline}`),
    letGo,
    next: nextAt === undefined ? undefined : (nextAt - now) / 1000,
  };
}

const ended = (succeededAgo: number | undefined): PipelineFacts => ({
  ...building(0, { running: [], attempted: new Set(['test']) }),
  succeededAt: succeededAgo === undefined ? undefined : now - succeededAgo * 1000,
});

describe('deciding on tasks to start ahead', () => {
  it.each<[string, Partial<AheadFacts>, Partial<ReturnType<typeof decide>>]>([
    ['nothing runs: nothing', {}, {}],
    // 200 s less 40 s, less half of the deviation, which has shrunk from 50 s to 16.7 s.
    ['a job has just begun: later', { pipelines: [building(0)] }, { next: expect.closeTo(148.85, 1) }],
    ['its end is near: now', { pipelines: [building(155)] }, { start: ['test of 2'] }],
    [
      'its script has succeeded: now',
      {
        pipelines: [
          building(20, { running: [{ name: 'build', startedAt: now - 20_000, succeededAt: now }] }),
        ],
      },
      { start: ['test of 2'] },
    ],
    [
      'a task was started for it already',
      { pipelines: [building(155, { attempted: new Set(['test']) })] },
      {},
    ],
    [
      'of two pipelines each gets one',
      {
        pipelines: [building(155), building(155, { pipeline: '5' })],
      },
      { start: ['test of 2', 'test of 5'] },
    ],
    [
      'as many as the fleet allows, waiting ones included',
      {
        pipelines: [
          building(155),
          building(160, { pipeline: '5' }),
          building(155, { pipeline: '6', attempted: new Set(['test']) }),
        ],
        waiting: [waits({ pipeline: '6' })],
        room: { ...ROOM, cpu: 2048 },
      },
      { start: ['test of 2'], next: 600 },
    ],
    [
      'no more tasks than the manager may run jobs',
      {
        pipelines: [building(155), building(155, { pipeline: '5' })],
        room: { ...ROOM, jobs: 1 },
      },
      { start: ['test of 2'] },
    ],
    [
      'as many as the project may run, running ones included',
      {
        pipelines: [building(155), building(155, { pipeline: '5' })],
        roomOf: (project) => ({ ...ROOM, jobs: project === '3' ? 2 - 1 : 2 }),
      },
      { start: ['test of 2'] },
    ],
    [
      'as much CPU as the project may use, running jobs included',
      {
        pipelines: [building(155), building(155, { pipeline: '5' })],
        roomOf: (project) => ({ ...ROOM, cpu: project === '3' ? 2048 - 1024 : 2048 }),
      },
      { start: ['test of 2'] },
    ],
    [
      "no matter what waits for other projects' jobs",
      {
        pipelines: [building(155), building(0, { pipeline: '6', project: '4' })],
        waiting: [waits({ pipeline: '6', job: { ...nameOf('test'), project: '4' }, until: now + 10_000 })],
        roomOf: () => ({ jobs: 1, cpu: 1024 }),
      },
      { start: ['test of 2'], letGo: ['w'] },
    ],
    [
      "no matter what other projects' kept tasks take of their own room",
      {
        pipelines: [building(155), { ...ended(10), pipeline: '6', project: '4' }],
        waiting: [waits({ pipeline: '6', job: { ...nameOf('test'), project: '4' } })],
        roomOf: () => ({ jobs: 1, cpu: 1024 }),
      },
      { start: ['test of 2'], next: 35 },
    ],
    [
      'in the place of a waiting task that is let go now',
      {
        pipelines: [building(155), building(155, { pipeline: '5', attempted: new Set(['test']) })],
        waiting: [waits({ pipeline: '5', until: now })],
        room: { ...ROOM, jobs: 1 },
      },
      { start: ['test of 2'], letGo: ['w'] },
    ],
    ['at the end of a pause', { pipelines: [building(155)], pausedUntil: now }, { start: ['test of 2'] }],
    [
      'the next decision is due when the first of several moments comes',
      {
        pipelines: [building(155, { attempted: new Set(['test']) })],
        waiting: [waits({ until: now + 90_000 }), waits({ until: now + 60_000 })],
      },
      { next: 60 },
    ],
    ['after a pause', { pipelines: [building(155)], pausedUntil: now + 30_000 }, { next: 30 }],
    [
      'a waiting task is kept while its job is expected',
      {
        pipelines: [building(155, { attempted: new Set(['test']) })],
        waiting: [waits({ until: now + 60_000 })],
      },
      { next: 60 },
    ],
    [
      'until its time is over',
      {
        pipelines: [building(155, { attempted: new Set(['test']) })],
        waiting: [waits({ until: now })],
      },
      { letGo: ['w'] },
    ],
    [
      'a waiting task is kept for 45 s after the success',
      { pipelines: [ended(44)], waiting: [waits()] },
      { next: 1 },
    ],
    ['then it is let go', { pipelines: [ended(45)], waiting: [waits()] }, { letGo: ['w'] }],
    [
      'it is let go at once after a failure',
      { pipelines: [ended(undefined)], waiting: [waits()] },
      { letGo: ['w'] },
    ],
    ['it is let go if its pipeline is unknown', { waiting: [waits()] }, { letGo: ['w'] }],
  ])('%s', (_title, facts, expected) => {
    expect(decide(facts)).toEqual({ start: [], letGo: [], next: undefined, ...expected });
  });
});
