import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArrivedJob,
  type Book,
  createBook,
  type FinishedJob,
  learnArrival,
  learnClaim,
  learnEnd,
  MAX_FOLLOWERS,
  MAX_JOBS,
  MAX_KINDS,
  MAX_RECENT,
  predict,
  sizeOf,
} from '../src/index.ts';
import { finished, followers, job, learnPipeline, running, SECOND, task } from './support/pipelines.ts';

type Event =
  | { kind: 'arrival'; job: ArrivedJob; now: number }
  | { kind: 'end'; job: FinishedJob }
  | { kind: 'claim'; job: ArrivedJob; claimed: boolean; now: number };

function bookOf(events: readonly Event[]): Book {
  const book = createBook();
  for (const event of events) {
    if (event.kind === 'arrival') learnArrival(book, event.job, event.now);
    else if (event.kind === 'end') learnEnd(book, event.job);
    else learnClaim(book, event.job, event.claimed, event.now);
  }
  return book;
}

describe('a book', () => {
  it('stays within its bounds with a million names', () => {
    const book = createBook();
    for (let number = 0; number < 1_000_000; number += 1) {
      const at = number * 1000;
      learnArrival(book, job(`job ${number}`), at);
      learnEnd(book, finished(`job ${number}`, { startedAt: at, finishedAt: at + 500 }));
    }
    expect(sizeOf(book)).toEqual({
      jobs: MAX_JOBS,
      followers: MAX_JOBS - 1,
      claims: 0,
      starts: 1,
      recent: 1,
    });
  });

  it('stays within its bounds with a hundred thousand pipelines and a million followers of one job', () => {
    const book = createBook();
    for (let number = 0; number < 100_000; number += 1) {
      learnEnd(book, finished('build', { pipeline: `${number}` }));
      for (let follower = 0; follower < 10; follower += 1)
        learnArrival(book, job(`${number} ${follower}`, { pipeline: `${number}` }), 101 * SECOND);
    }
    expect(sizeOf(book)).toEqual({
      jobs: 1,
      followers: MAX_FOLLOWERS,
      claims: 0,
      starts: 1,
      recent: MAX_RECENT,
    });
  });

  it('stays within its bounds with a hundred thousand kinds of tasks', () => {
    const book = createBook();
    for (let number = 0; number < 100_000; number += 1)
      learnEnd(book, finished('build', { task: { ...task, shape: `${number}` } }));
    expect(sizeOf(book)).toMatchObject({ jobs: 1, starts: MAX_KINDS });
  });

  it('drops the least recently used job', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    for (let number = 0; number < MAX_JOBS - 2; number += 1) learnEnd(book, finished(`filler ${number}`));
    learnPipeline(book, ['build', 'test'], { pipeline: '2' });
    learnEnd(book, finished('one more'));
    expect(followers(book, [running('build')])).toHaveLength(1);
  });

  it.each<[string, Partial<FinishedJob>]>([
    ['an overlong name', { name: 'x'.repeat(256) }],
    ['no name', { name: '' }],
    ['an overlong project', { project: 'x'.repeat(513) }],
    ['an overlong pipeline', { pipeline: 'x'.repeat(513) }],
    ['an overlong shape', { task: { ...task, shape: 'x'.repeat(513) } }],
    ['an overlong capacity', { task: { ...task, capacity: 'x'.repeat(513) } }],
    ['no CPU', { task: { ...task, cpu: 0 } }],
    ['a memory size that is not a number', { task: { ...task, memory: Number.NaN } }],
    ['an end before its start', { startedAt: 1, finishedAt: 0 }],
    ['an end that is not a number', { finishedAt: Number.NaN }],
    ['a run of more than a week', { finishedAt: 604_800_001 }],
  ])('does not learn a job with %s', (_, over) => {
    const book = createBook();
    learnEnd(book, finished('build', over));
    expect(sizeOf(book)).toEqual({ jobs: 0, followers: 0, claims: 0, starts: 0, recent: 0 });
  });

  const anyTime = fc.oneof(
    fc.integer({ min: -10, max: 1_000_000 }),
    fc.constantFrom(Number.NaN, Infinity, -Infinity),
  );
  const anyName = fc.oneof(fc.constantFrom('a', 'b', 'c', ''), fc.string({ maxLength: 300 }));
  const anyArrival: fc.Arbitrary<ArrivedJob> = fc.record({
    project: fc.constantFrom('p', 'q'),
    name: anyName,
    isProtected: fc.boolean(),
    pipeline: fc.constantFrom('1', '2', ''),
  });
  const anyEnd: fc.Arbitrary<FinishedJob> = fc
    .tuple(
      anyArrival,
      fc.record({
        task: fc.record({ shape: anyName, cpu: anyTime, memory: anyTime, capacity: anyName }),
        startedAt: anyTime,
        finishedAt: anyTime,
        startSeconds: fc.option(anyTime, { nil: undefined }),
        succeeded: fc.boolean(),
        wasLast: fc.boolean(),
      }),
    )
    .map(([arrival, end]) => ({ ...arrival, ...end }));
  const anyEvent = fc.oneof(
    fc.record({ kind: fc.constant('arrival' as const), job: anyArrival, now: anyTime }),
    fc.record({ kind: fc.constant('end' as const), job: anyEnd }),
    fc.record({ kind: fc.constant('claim' as const), job: anyArrival, claimed: fc.boolean(), now: anyTime }),
  );

  it('predicts only known jobs of the same project and protection, with valid chances and times, for any input', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), fc.nat(1_000_000), (events, now) => {
        const book = bookOf(events);
        const view = { project: 'p', isProtected: false, running: [running('a'), running('b')], failed: [] };
        for (const moment of ['at-success', 'before-end', 'at-start'] as const) {
          for (const prediction of predict(book, view, { moment, leadSeconds: 60, now })) {
            expect(prediction.job).toMatchObject({ project: 'p', isProtected: false });
            expect(prediction.chance).toBeGreaterThanOrEqual(0.6);
            expect(prediction.chance).toBeLessThanOrEqual(1);
            expect(prediction.startAt).toBeGreaterThanOrEqual(now);
            expect(Number.isFinite(prediction.startAt)).toBe(true);
            expect(prediction.task.cpu).toBeGreaterThan(0);
          }
        }
      }),
    );
  });

  it('is deterministic', () => {
    fc.assert(
      fc.property(fc.array(anyEnd, { maxLength: 30 }), (ends) => {
        const [one, other] = [createBook(), createBook()];
        for (const end of ends) {
          learnEnd(one, end);
          learnEnd(other, structuredClone(end));
        }
        expect(one).toEqual(other);
      }),
    );
  });
});
