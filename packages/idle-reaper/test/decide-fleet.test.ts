import { managerFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { describe, expect, it } from 'vitest';
import { decideFleet } from '../src/index.ts';
import { fleetFacts, minute } from './support/fleets.ts';

const period = 30 * minute;
/** A moment at which the clock's own half hours begin. */
const onTheClock = 1000 * period;

interface Row {
  managers?: Parameters<typeof managerFacts>[0][];
  fleet?: ReturnType<typeof fleetFacts>;
  /** Minutes after `onTheClock`. */
  minutes?: number;
}

function judge({ managers = [], fleet = fleetFacts(), minutes = 0 }: Row) {
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

/** Made an hour ago, draining since, with a long job. */
const draining = (minutesAgo: number, over = {}) => ({
  createdAt: onTheClock - 60 * minute,
  drainAt: onTheClock - minutesAgo * minute,
  ...over,
});

describe('when a fleet without a manager starts one to ask GitLab itself', () => {
  it.each<[string, Row, string]>([
    ['never had one, at a half hour of the clock', {}, 'safety-launch'],
    ['never had one, a minute later still', { minutes: 1 }, 'safety-launch'],
    ['never had one, in between', { minutes: 2 }, 'not-now'],
    ['the last one ended half an hour ago', { managers: [ended(23)], minutes: 7 }, 'safety-launch'],
    ['the last one ended lately', { managers: [ended(29)] }, 'not-now'],
    ['the last one ended a minute ago', { managers: [ended(1)] }, 'not-now'],
    ['never had one, a minute and a half later', { minutes: 1.5 }, 'not-now'],
    ['the last one ended longer ago, and was asked for then', { managers: [ended(35)] }, 'not-now'],
    ['one runs', { managers: [{}] }, 'has-manager'],
    ['one starts', { managers: [{ state: 'starting' }] }, 'has-manager'],
    ['one drains since half an hour', { managers: [draining(30)] }, 'safety-launch'],
    [
      'one drains since half an hour, and was made just before',
      { managers: [draining(30, { createdAt: onTheClock - 30 * minute - 1 })] },
      'safety-launch',
    ],
    ['one drains lately, whenever it was made', { managers: [draining(5)] }, 'not-now'],
    ['one drains for long, and was asked for then', { managers: [draining(35)] }, 'not-now'],
    [
      'one drained half an hour ago, and ended just now: its end begins nothing anew',
      { managers: [ended(1, { drainAt: onTheClock - 30 * minute })] },
      'safety-launch',
    ],
    [
      'one drained long ago, and another one ended half an hour ago',
      { managers: [draining(50), ended(30)] },
      'safety-launch',
    ],
    [
      'only a manager with a webhook’s token runs',
      { managers: [{ runnerTokenParameter: '/t' }] },
      'safety-launch',
    ],
    ['only another fleet’s manager runs', { managers: [{ fleet: 'other' }] }, 'safety-launch'],
    ['nobody asked for it', { fleet: fleetFacts({}, { safetyLaunchSeconds: undefined }) }, 'off'],
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
    expect(judge(row)).toBe(expected);
  });

  it('asks for a manager of the fleet in general', () => {
    expect(decideFleet({ fleet: fleetFacts(), managers: [], now: onTheClock })).toEqual({
      kind: 'request',
      cause: 'safety-launch',
    });
  });

  it('is asked once or twice a period by sweeps of every minute', () => {
    const asked = Array.from({ length: 300 }, (_, minutes) => minutes).filter(
      (minutes) => judge({ minutes }) === 'safety-launch',
    );
    expect(new Set(asked.map((minutes) => Math.floor(minutes / 30))).size).toBe(10);
    expect(asked.length).toBeLessThanOrEqual(20);
  });
});
