import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dependsOnProtection,
  type FleetRunner,
  matchFleet,
  type RefProtection,
  takesJob,
} from '../src/match-fleet.ts';

interface RunnerOptions {
  tagList?: string[];
  runUntagged?: boolean;
  accessLevel?: 'not_protected' | 'ref_protected';
}

const runner = ({ tagList = [], runUntagged = true, accessLevel = 'not_protected' }: RunnerOptions) => ({
  tagList,
  runUntagged,
  accessLevel,
});
const fleet = (name: string, options?: RunnerOptions): FleetRunner => ({
  name,
  runner: options && runner(options),
});

const job = (tagList: string[], refProtection: RefProtection = 'not-protected') => ({
  tagList,
  refProtection,
});
const PROTECTED = { accessLevel: 'ref_protected' } as const;

describe('a runner takes a job', () => {
  it.each<[string, RunnerOptions, ReturnType<typeof job>, string]>([
    ['without tags, when it takes untagged ones', {}, job([]), 'yes'],
    ['without tags, when it has tags and takes untagged ones', { tagList: ['arm'] }, job([]), 'yes'],
    [
      'not without tags, when it takes tagged ones only',
      { tagList: ['arm'], runUntagged: false },
      job([]),
      'no',
    ],
    ['whose tags it has', { tagList: ['arm', 'big', 'x'] }, job(['big', 'arm']), 'yes'],
    [
      'whose tags it has, when it takes tagged ones only',
      { tagList: ['arm'], runUntagged: false },
      job(['arm']),
      'yes',
    ],
    ['not with one tag too many', { tagList: ['arm'] }, job(['arm', 'big']), 'no'],
    ['not with a tag that differs by case', { tagList: ['arm'] }, job(['ARM']), 'no'],
    ['not with a tag when it has none', {}, job(['arm']), 'no'],
    ['of a protected ref, when it is protected', PROTECTED, job([], 'protected'), 'yes'],
    ['not of another ref, when it is protected', PROTECTED, job([], 'not-protected'), 'no'],
    ['maybe, when it is protected and the ref is unknown', PROTECTED, job([], 'unknown'), 'maybe'],
    ['of a protected ref, when it is not protected', {}, job([], 'protected'), 'yes'],
    ['of an unknown ref, when it is not protected', {}, job([], 'unknown'), 'yes'],
    ['not with other tags, protected or not', PROTECTED, job(['arm'], 'protected'), 'no'],
  ])('%s', (_title, options, requirements, takes) => {
    expect(takesJob(runner(options), requirements)).toBe(takes);
  });
});

describe('a job belongs to', () => {
  const arm = { tagList: ['arm'], runUntagged: false };
  it.each<[string, ReturnType<typeof job>, FleetRunner, FleetRunner[], string | undefined]>([
    ['the URL’s fleet, when that takes it', job(['arm']), fleet('x', arm), [fleet('a', arm)], 'x'],
    ['the only fleet that takes it', job(['arm']), fleet('x', {}), [fleet('a', {}), fleet('b', arm)], 'b'],
    ['the first by name of two', job(['arm']), fleet('x', {}), [fleet('c', arm), fleet('b', arm)], 'b'],
    ['no fleet', job(['gpu']), fleet('x', {}), [fleet('b', arm)], undefined],
    [
      'no fleet, when the job has no tags and all fleets require them',
      job([]),
      fleet('x', arm),
      [fleet('b', arm)],
      undefined,
    ],
    ['the URL’s fleet, when its runner is not configured', job(['gpu']), fleet('x'), [fleet('b', arm)], 'x'],
    ['no other fleet whose runner is not configured', job(['gpu']), fleet('x', {}), [fleet('b')], undefined],
    [
      'the protected fleet, when only that has its tags and the ref is protected',
      job(['arm'], 'protected'),
      fleet('x', {}),
      [fleet('b', { ...arm, ...PROTECTED })],
      'b',
    ],
    [
      'no fleet, when only a protected fleet has its tags and the ref is not protected',
      job(['arm']),
      fleet('x', {}),
      [fleet('b', { ...arm, ...PROTECTED })],
      undefined,
    ],
    [
      'a fleet that takes it rather than the URL’s, which only may',
      job([], 'unknown'),
      fleet('x', PROTECTED),
      [fleet('b', {})],
      'b',
    ],
    [
      'the URL’s fleet rather than another, when both only may take it',
      job([], 'unknown'),
      fleet('x', PROTECTED),
      [fleet('b', PROTECTED)],
      'x',
    ],
  ])('%s', (_title, requirements, own, others, name) => {
    expect(matchFleet(requirements, own, others)).toBe(name);
    expect(matchFleet(requirements, own, others.toReversed())).toBe(name);
  });
});

describe('GitLab is asked for the ref’s protection', () => {
  it.each<[string, string[], FleetRunner, FleetRunner[], boolean]>([
    ['not without a protected fleet', [], fleet('x', {}), [fleet('b', {})], false],
    ['not when the URL’s fleet takes the job anyway', [], fleet('x', {}), [fleet('b', PROTECTED)], false],
    ['not when the protected fleet lacks a tag', ['arm'], fleet('x', PROTECTED), [], false],
    ['when the URL’s fleet is protected', [], fleet('x', PROTECTED), [], true],
    ['when it decides between two', [], fleet('x', PROTECTED), [fleet('b', {})], true],
  ])('%s', (_title, tagList, own, others, asked) => {
    expect(dependsOnProtection(tagList, own, others)).toBe(asked);
  });

  const offers = fc.array(
    fc.record({
      tagList: fc.subarray(['a', 'b', 'c']),
      runUntagged: fc.boolean(),
      accessLevel: fc.constantFrom('not_protected' as const, 'ref_protected' as const),
    }),
    { minLength: 1, maxLength: 4 },
  );

  it('whenever it matters: otherwise the answer changes nothing, and is never worse than an unknown one', () => {
    fc.assert(
      fc.property(offers, fc.subarray(['a', 'b', 'c']), (runners, tagList) => {
        const [own = fleet('f'), ...others] = runners.map((one, index) => ({
          name: `f${index}`,
          runner: one,
        }));
        const where = (refProtection: RefProtection) => matchFleet({ tagList, refProtection }, own, others);
        if (!dependsOnProtection(tagList, own, others))
          for (const protection of ['not-protected', 'unknown'] as const)
            expect(where(protection)).toBe(where('protected'));
        // A job that some fleet would take is never left without a fleet because GitLab did not answer.
        if (where('protected') !== undefined) expect(where('unknown')).toBeDefined();
      }),
    );
  });
});
