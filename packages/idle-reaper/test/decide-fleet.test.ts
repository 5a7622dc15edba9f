import { managerFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { describe, expect, it } from 'vitest';
import { decideFleet } from '../src/index.ts';
import { fleetFacts, minute } from './support/fleets.ts';

const period = 30 * minute;
/** A multiple of half an hour since 1970. */
const onTheClock = 1000 * period;

interface Row {
  managers?: Parameters<typeof managerFacts>[0][];
  fleet?: ReturnType<typeof fleetFacts>;
  /** Minutes after `onTheClock`. */
  minutes?: number;
}

function decide({ managers = [], fleet = fleetFacts(), minutes = 0 }: Row) {
  const now = onTheClock + minutes * minute;
  const decision = decideFleet({
    fleet,
    managers: managers.map((over, index) => managerFacts({ taskId: taskIdNumber(index + 1), ...over })),
    now,
  });
  return decision.kind === 'none' ? decision.because : decision.cause;
}

const ended = (minutesAgo: number, over = {}) => ({
  state: 'stopped' as const,
  createdAt: onTheClock - 60 * minute,
  stoppedAt: onTheClock - minutesAgo * minute,
  ...over,
});

/** A manager created an hour ago that has been draining for `minutes`, with a long job. */
const draining = (minutesAgo: number, over = {}) => ({
  createdAt: onTheClock - 60 * minute,
  drainAt: onTheClock - minutesAgo * minute,
  ...over,
});

describe('a safety launch of a fleet', () => {
  it.each<[string, Row, string]>([
    ['no manager known, at a multiple of the period', {}, 'safety-launch'],
    ['no manager known, one minute later', { minutes: 1 }, 'safety-launch'],
    ['no manager known, between two multiples', { minutes: 2 }, 'not-now'],
    ['the last manager ended half an hour ago', { managers: [ended(23)], minutes: 7 }, 'safety-launch'],
    ['the last manager ended recently', { managers: [ended(29)] }, 'not-now'],
    ['the last manager ended a minute ago', { managers: [ended(1)] }, 'not-now'],
    ['no manager known, a minute and a half later', { minutes: 1.5 }, 'not-now'],
    ['the last manager ended longer ago, already requested', { managers: [ended(35)] }, 'not-now'],
    ['a manager runs', { managers: [{}] }, 'has-manager'],
    ['a manager starts', { managers: [{ state: 'starting' }] }, 'has-manager'],
    ['a manager has been draining for half an hour', { managers: [draining(30)] }, 'safety-launch'],
    [
      'a manager has been draining for half an hour, and was created just before',
      { managers: [draining(30, { createdAt: onTheClock - 30 * minute - 1 })] },
      'safety-launch',
    ],
    ['a manager has been draining for a short time', { managers: [draining(5)] }, 'not-now'],
    ['a manager has been draining for long, already requested', { managers: [draining(35)] }, 'not-now'],
    [
      'a manager was drained half an hour ago and has just ended, which does not restart the period',
      { managers: [ended(1, { drainAt: onTheClock - 30 * minute })] },
      'safety-launch',
    ],
    [
      'a manager was drained long ago, and another one ended half an hour ago',
      { managers: [draining(50), ended(30)] },
      'safety-launch',
    ],
    [
      'only a manager with a webhook’s token runs',
      { managers: [{ runnerTokenParameter: '/t' }] },
      'safety-launch',
    ],
    ['only another fleet’s manager runs', { managers: [{ fleet: 'other' }] }, 'safety-launch'],
    ['not configured', { fleet: fleetFacts({}, { safetyLaunchSeconds: undefined }) }, 'off'],
    ['turned off', { fleet: fleetFacts({}, { safetyLaunchSeconds: 0 }) }, 'off'],
    ['its document is invalid', { fleet: fleetFacts({ config: undefined }) }, 'off'],
    ['it has no runner token of its own', { fleet: fleetFacts({ tokensChangedAt: new Map() }) }, 'no-token'],
    ['GitLab refused its token', { managers: [ended(30, { exitCode: 78 })] }, 'token-refused'],
    [
      'GitLab refused its token, which was written before that',
      {
        managers: [ended(30, { exitCode: 78, startedAt: onTheClock - 59 * minute })],
        fleet: fleetFacts({ configChangedAt: onTheClock - 60 * minute }),
      },
      'token-refused',
    ],
    [
      'GitLab refused its token before it was changed',
      {
        managers: [ended(30, { exitCode: 78 })],
        fleet: fleetFacts({ configChangedAt: onTheClock - minute }),
      },
      'safety-launch',
    ],
  ])('%s', (_title, row, expected) => {
    expect(decide(row)).toBe(expected);
  });

  it('requests a manager with the fleet’s own token', () => {
    expect(decideFleet({ fleet: fleetFacts(), managers: [], now: onTheClock })).toEqual({
      kind: 'request',
      cause: 'safety-launch',
    });
  });

  it('is requested once or twice a period by sweeps that run every minute', () => {
    const asked = Array.from({ length: 300 }, (_, minutes) => minutes).filter(
      (minutes) => decide({ minutes }) === 'safety-launch',
    );
    expect(new Set(asked.map((minutes) => Math.floor(minutes / 30))).size).toBe(10);
    expect(asked.length).toBeLessThanOrEqual(20);
  });
});
