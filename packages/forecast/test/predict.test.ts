import { describe, expect, it } from 'vitest';
import { createBook, learnArrival, learnEnd, learnPassedFailure, predict } from '../src/index.ts';
import { finished, followers, job, learnPipeline, running, SECOND, task } from './support/pipelines.ts';

describe('the follower of a running job', () => {
  it('is the job that was queued after an earlier success, with its last task', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    const view = { project: 'p', isProtected: false, running: [running('build')], failed: [] };
    expect(predict(book, view, { moment: 'at-start', leadSeconds: 60, now: 0 })).toEqual([
      { job: { project: 'p', name: 'test', isProtected: false }, task, chance: 0.75, startAt: 0 },
    ]);
  });

  it('starts early enough for a slow start to be ready at the expected end, less half a deviation', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    // 100 s expected, with the deviation of a first sample, a quarter; two starts of 40 s, whose deviation is now 5 s.
    expect(followers(book, [running('build')])).toEqual([['test', 100 - 40 - 2 * 5 - 25 / 2]]);
  });

  it('starts the earlier the more the starts of tasks of its kind vary, whichever jobs had them', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    const startAfter = (startSeconds: number) => {
      const other = finished('other', { pipeline: '9', startSeconds });
      for (let run = 0; run < 30; run += 1) learnEnd(book, { ...other, startSeconds });
      const [[, startAt] = []] = followers(book, [running('build')]);
      return startAt;
    };
    expect(startAfter(40)).toBeCloseTo(100 - 40 - 25 / 2, 1);
    const other = finished('other', { pipeline: '9' });
    for (let run = 0; run < 30; run += 1) learnEnd(book, { ...other, startSeconds: run % 2 === 0 ? 34 : 46 });
    const [[, startAt = 0] = []] = followers(book, [running('build')]);
    expect(startAt).toBeLessThan(100 - 40 - 2 * 5 - 25 / 2);
    expect(startAt).toBeGreaterThan(100 - 40 - 2 * 8 - 25 / 2);
  });

  it('does not start by how long other kinds of tasks take to start', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    for (const over of [{ shape: 'other' }, { cpu: 2048 }, { memory: 4096 }, { capacity: 'FARGATE_SPOT' }])
      learnEnd(book, finished('other', { pipeline: '9', task: { ...task, ...over }, startSeconds: 90 }));
    expect(followers(book, [running('build')])).toEqual([['test', 37.5]]);
  });

  it('starts with the default lead if no start of its kind of task was ever measured', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test'], { startSeconds: undefined });
    expect(followers(book, [running('build')])).toEqual([['test', 27.5]]);
  });

  it('starts at once if the job runs longer than expected', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    expect(followers(book, [running('build')], { now: 500 * SECOND })).toEqual([['test', 500]]);
  });

  it('starts after the success with the moment at-success', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    expect(followers(book, [running('build')], { moment: 'at-success' })).toEqual([]);
    const succeeded = running('build', { succeededAt: 95 * SECOND });
    expect(followers(book, [succeeded], { moment: 'at-success', now: 95 * SECOND })).toEqual([['test', 95]]);
  });

  it('is expected after the job that ends last, whichever ended last before', () => {
    const book = createBook();
    const durations = { lint: 30, unit: 200 };
    for (const [name, seconds] of Object.entries(durations)) {
      const wasLast = name === 'unit';
      learnEnd(book, finished(name, { finishedAt: seconds * SECOND, wasLast, startSeconds: 40 }));
    }
    learnArrival(book, job('deploy'), 205 * SECOND);
    learnEnd(book, finished('deploy', { startedAt: 205 * SECOND, finishedAt: 210 * SECOND }));
    expect(followers(book, [running('lint'), running('unit')])).toEqual([
      ['deploy', 200 - 40 - (2 * 10) / 3 - 50 / 2],
    ]);
    // Lint has only been seen to succeed while other jobs ran, so lint alone has no follower.
    expect(followers(book, [running('lint')])).toEqual([]);
  });

  it('is unknown while an unknown job runs', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    expect(followers(book, [running('build'), running('new')])).toEqual([]);
  });

  it('includes jobs that need one of several running ones', () => {
    const book = createBook();
    learnEnd(book, finished('fast', { wasLast: false, finishedAt: 50 * SECOND }));
    learnArrival(book, job('after-fast'), 52 * SECOND);
    learnEnd(book, finished('after-fast', { finishedAt: 60 * SECOND, wasLast: false }));
    learnEnd(book, finished('slow', { finishedAt: 300 * SECOND }));
    expect(followers(book, [running('fast'), running('slow')])).toEqual([['after-fast', 10]]);
  });

  it.each([
    ['another project', { project: 'other' }],
    ['a protected ref', { isProtected: true }],
  ])('is not learned from %s', (_, over) => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    expect(followers(book, [running('build')], over)).toEqual([]);
  });

  it('is not predicted if it followed fewer than 60 % of the successes', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    learnPipeline(book, ['build'], { pipeline: '2' });
    expect(followers(book, [running('build')])).toEqual([]);
    learnPipeline(book, ['build', 'test'], { pipeline: '3' });
    expect(followers(book, [running('build')])).toHaveLength(1);
  });

  it('is not predicted if its task was another one in most runs', () => {
    const book = createBook();
    const run = (pipeline: string, shape: string) => {
      learnPipeline(book, ['build'], { pipeline });
      learnArrival(book, job('test', { pipeline }), 105 * SECOND);
      learnEnd(book, finished('test', { pipeline, task: { ...task, shape } }));
      return followers(book, [running('build')]).length === 1;
    };
    const runs = [...'abcdddddde'].map((shape, number) => run(`${number}`, shape));
    // The first task is assumed to stay; after three changes, it must have stayed five times.
    expect(runs).toEqual([true, false, false, false, false, false, false, false, true, false]);
  });

  it('is predicted after a change of its task that was the same for a long time', () => {
    const book = createBook();
    for (let number = 0; number < 12; number += 1)
      learnPipeline(book, ['build', 'test'], { pipeline: `${number}` });
    learnPipeline(book, ['build', 'test'], { pipeline: '12', task: { ...task, shape: 'new' } });
    const view = { project: 'p', isProtected: false, running: [running('build')], failed: [] };
    expect(predict(book, view, { moment: 'at-start', leadSeconds: 60, now: 0 })).toMatchObject([
      { task: { shape: 'new' } },
    ]);
  });

  it('is less likely the more often the job fails', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    learnEnd(book, finished('build', { succeeded: false, pipeline: '2' }));
    expect(followers(book, [running('build')])).toEqual([]);
    const succeeded = running('build', { succeededAt: 20 * SECOND });
    expect(followers(book, [succeeded], { now: 20 * SECOND })).toHaveLength(1);
  });

  it('is not predicted once a job has failed, except jobs that need only another one', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    learnEnd(book, finished('fast', { wasLast: false, pipeline: '2' }));
    learnArrival(book, job('test', { pipeline: '2' }), 101 * SECOND);
    learnEnd(book, finished('lint', { succeeded: false, pipeline: '3' }));
    expect(followers(book, [running('build')], { failed: ['lint'] })).toEqual([]);
    expect(followers(book, [running('build')], { failed: ['never seen'] })).toEqual([]);
    expect(followers(book, [running('fast'), running('build')], { failed: ['lint'] })).toHaveLength(1);
  });

  it('is predicted after a failure whose earlier ones did not keep it from coming', () => {
    const book = createBook();
    learnPipeline(book, ['build', 'test']);
    const fail = (pipeline: string) => learnEnd(book, finished('lint', { succeeded: false, pipeline }));
    const isPredicted = () => followers(book, [running('build')], { failed: ['lint'] }).length === 1;
    fail('2');
    learnPassedFailure(book, job('lint'));
    fail('3');
    expect(isPredicted()).toBe(true);
    // The second failure did, and the third is under way.
    fail('4');
    expect(isPredicted()).toBe(false);
  });

  it('adapts to a changed pipeline within some runs', () => {
    const book = createBook();
    for (let run = 0; run < 100; run += 1) learnPipeline(book, ['build', 'old'], { pipeline: `${run}` });
    for (let run = 0; run < 16; run += 1) learnPipeline(book, ['build', 'new'], { pipeline: `n${run}` });
    expect(followers(book, [running('build')]).map(([name]) => name)).toEqual(['new']);
  });
});

describe('an arrival', () => {
  it.each([
    ['within half a minute of a success is counted', 130, ['test']],
    ['later is not', 130.001, []],
  ])('%s', (_, seconds, expected) => {
    const book = createBook();
    learnPipeline(book, ['test'], { pipeline: '0' });
    learnEnd(book, finished('build'));
    learnArrival(book, job('test'), seconds * SECOND);
    expect(followers(book, [running('build')]).map(([name]) => name)).toEqual(expected);
  });

  it.each([
    ['of another pipeline', { pipeline: '2' }],
    ['of another project', { project: 'other' }],
  ])('%s is not counted', (_, over) => {
    const book = createBook();
    learnPipeline(book, ['test'], { pipeline: '0' });
    learnEnd(book, finished('build'));
    learnArrival(book, job('test', over), 101 * SECOND);
    expect(followers(book, [running('build')])).toEqual([]);
  });

  it('after a failure is not counted', () => {
    const book = createBook();
    learnPipeline(book, ['test'], { pipeline: '0' });
    learnEnd(book, finished('build'));
    learnEnd(book, finished('other', { succeeded: false }));
    learnArrival(book, job('test'), 101 * SECOND);
    expect(followers(book, [running('build')])).toEqual([]);
  });
});
