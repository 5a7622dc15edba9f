import { describe, expect, it } from 'vitest';
import {
  crashBackoff,
  crashBackoffMs,
  type ManagerFacts,
  managerFacts,
  taskIdNumber,
} from '../src/ecs-tasks/index.ts';

const now = 10_000_000;
const own = { fleet: 'default', runnerTokenParameter: undefined };
/** A manager that ended `secondsAgo`, ten seconds after its start. */
const crashed = (number: number, secondsAgo: number, over: Partial<ManagerFacts> = {}) => {
  const stoppedAt = now - secondsAgo * 1000;
  const startedAt = stoppedAt - 10_000;
  const taskId = taskIdNumber(number);
  return managerFacts({
    taskId,
    state: 'stopped',
    createdAt: startedAt,
    startedAt,
    stoppedAt,
    exitCode: 1,
    ...over,
  });
};

it.each([
  [0, 0],
  [1, 0],
  [2, 60],
  [3, 180],
  [4, 420],
  [5, 900],
  [50, 900],
])('after %i failures the next manager waits %i s', (failures, seconds) => {
  expect(crashBackoffMs(failures)).toBe(seconds * 1000);
});

describe('consecutive failed managers', () => {
  it.each<[string, ManagerFacts[], ReturnType<typeof crashBackoff>]>([
    ['none', [], undefined],
    ['one', [crashed(1, 30)], { failures: 1, lastEndedAt: now - 30_000, until: now - 30_000, exitCode: 1 }],
    [
      'two, counted from the end of the last one',
      [crashed(1, 90), crashed(2, 30, { exitCode: 137 })],
      { failures: 2, lastEndedAt: now - 30_000, until: now + 30_000, exitCode: 137 },
    ],
    ...[
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
      [2, 1, 0],
    ].map((order): [string, ManagerFacts[], ReturnType<typeof crashBackoff>] => {
      const ended = [crashed(1, 120), crashed(2, 90), crashed(3, 30, { exitCode: 137 })];
      return [
        `three, in any order that ECS lists them: ${order}`,
        order.flatMap((index) => ended[index] ?? []),
        { failures: 3, lastEndedAt: now - 30_000, until: now + 150_000, exitCode: 137 },
      ];
    }),
    [
      'one created at the same moment as one that works',
      [
        crashed(1, 30, { createdAt: now - 800_000 }),
        managerFacts({ createdAt: now - 800_000, startedAt: now - 800_000 }),
      ],
      { failures: 1, lastEndedAt: now - 30_000, until: now - 30_000, exitCode: 1 },
    ],
    [
      'one whose container never ran, drained or not',
      [crashed(1, 30, { startedAt: undefined, drainAt: 5, exitCode: undefined })],
      { failures: 1, lastEndedAt: now - 30_000, until: now - 30_000, exitCode: undefined },
    ],
    ['one that was drained', [crashed(1, 30, { drainAt: 5 })], undefined],
    ['one that left in order', [crashed(1, 30, { exitCode: 0 })], undefined],
    ['one whose token was refused', [crashed(1, 30, { exitCode: 78 })], undefined],
    ['one of another token', [crashed(1, 30, { runnerTokenParameter: '/t' })], undefined],
    ['one that still stops', [crashed(1, 30, { stoppedAt: undefined })], undefined],
    ['one that ended an hour ago', [crashed(1, 3600)], undefined],
    ['one that had run for five minutes', [crashed(1, 30, { startedAt: now - 330_000 })], undefined],
    [
      'one that had run for almost five minutes',
      [crashed(1, 30, { startedAt: now - 329_999 })],
      { failures: 1, lastEndedAt: now - 30_000, until: now - 30_000, exitCode: 1 },
    ],
    [
      'one whose containers ended within five minutes, although its task took longer',
      [crashed(1, 30, { startedAt: now - 400_000, stoppingAt: now - 101_000 })],
      { failures: 1, lastEndedAt: now - 30_000, until: now - 30_000, exitCode: 1 },
    ],
    [
      'one before, and one after a manager that works',
      [crashed(1, 900), managerFacts({ createdAt: now - 800_000, startedAt: now - 800_000 }), crashed(2, 30)],
      { failures: 1, lastEndedAt: now - 30_000, until: now - 30_000, exitCode: 1 },
    ],
    [
      'two and a manager that has not run for long',
      [crashed(1, 90), crashed(2, 30), managerFacts({ createdAt: now - 10_000, startedAt: now - 5000 })],
      { failures: 2, lastEndedAt: now - 30_000, until: now + 30_000, exitCode: 1 },
    ],
  ])('%s', (_title, managers, expected) => {
    expect(crashBackoff(managers, own, now)).toEqual(expected);
  });
});
