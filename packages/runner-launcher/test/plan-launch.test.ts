import { describe, expect, it } from 'vitest';
import { type LaunchFacts, planLaunch } from '../src/index.ts';
import { facts, jobs, jobTask, manager, now, withoutJob } from './support/plan.ts';

/** A plan in short: slots to fill, managers to mark, and requests assigned, deferred and running. */
function summary(clusterState: LaunchFacts) {
  const { launch, mark, assigned, deferred, running, overdue } = planLaunch(clusterState);
  return { launch, mark: mark.map(({ slot }) => slot), assigned, deferred, running, overdue };
}

const nothing = { launch: [], mark: [], assigned: [], deferred: [], running: [], overdue: [] };

const expectedUntil = (until: number, ...jobIds: number[]) => jobIds.map((jobId) => ({ jobId, until }));

describe('planning a launch', () => {
  it.each<[string, Partial<LaunchFacts>, Partial<ReturnType<typeof summary>>]>([
    ['no request: nothing', { managers: [manager(1)] }, {}],
    ['no request and no manager: nothing', {}, {}],
    ['no manager, one job: launches one', { requests: jobs(1) }, { launch: [1], assigned: ['e1'] }],
    [
      'no manager, three jobs at two a manager: launches two',
      { requests: jobs(1, 2, 3) },
      { launch: [1, 2], assigned: ['e1', 'e2', 'e3'] },
    ],
    [
      'no manager, five jobs, two managers allowed: defers the newest job',
      { requests: jobs(1, 2, 3, 4, 5) },
      { launch: [1, 2], assigned: ['e1', 'e2', 'e3', 'e4'], deferred: ['e5'] },
    ],
    [
      'a job whose task has ended needs no manager',
      { requests: jobs(1, 2), startedJobs: new Set([1]) },
      { launch: [1], running: ['e1'], assigned: ['e2'] },
    ],
    [
      'a request without a job: launches one',
      { requests: [withoutJob] },
      { launch: [1], assigned: ['without-job'] },
    ],
    [
      'a request without a job, and a manager: marks it',
      { requests: [withoutJob], managers: [manager(1)] },
      { mark: [1], assigned: ['without-job'] },
    ],
    [
      'a request without a job is served by full managers',
      { max: 1, requests: [withoutJob], managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { mark: [1], assigned: ['without-job'] },
    ],
    [
      'a running manager with free capacity: marks it',
      { requests: jobs(1), managers: [manager(1)] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'a starting manager counts',
      { requests: jobs(1), managers: [manager(1, { state: 'starting' })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'a task whose job is unknown does not end a request without a job',
      { requests: [withoutJob], managers: [manager(1)], jobTasks: [jobTask(7, 1, { jobId: undefined })] },
      { mark: [1], assigned: ['without-job'] },
    ],
    [
      'a request without a job takes no capacity',
      { max: 1, concurrentJobs: 1, requests: [withoutJob, ...jobs(1)] },
      { launch: [1], assigned: ['without-job', 'e1'] },
    ],
    [
      'marks as many managers as the jobs need',
      { requests: jobs(1, 2), managers: [manager(1), manager(2)] },
      { mark: [1], assigned: ['e1', 'e2'] },
    ],
    [
      'a job without capacity is deferred even when it comes twice',
      {
        max: 1,
        concurrentJobs: 1,
        requests: [...jobs(1, 2), { eventId: 'again', jobId: 2, requestedAt: now }],
      },
      { launch: [1], assigned: ['e1'], deferred: ['e2', 'again'] },
    ],
    [
      'a draining manager does not count, and its slot is free',
      { requests: jobs(1), managers: [manager(1, { drainAt: 5 })] },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'a draining manager does not count towards the maximum',
      { max: 1, requests: jobs(1), managers: [manager(1, { drainAt: 5 })], jobTasks: [jobTask(7, 1)] },
      { launch: [1], assigned: ['e1'] },
    ],
    ...(['stopping', 'stopped'] as const).map(
      (state): [string, Partial<LaunchFacts>, Partial<ReturnType<typeof summary>>] => [
        `a manager that is ${state} does not count`,
        { requests: jobs(1), managers: [manager(1, { state })] },
        { launch: [1], assigned: ['e1'] },
      ],
    ),
    [
      'full manager, below the maximum: launches one in the free slot',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'full manager at the maximum: defers the job',
      { max: 1, requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { deferred: ['e1'] },
    ],
    [
      'capacity for one job at the maximum: assigns the oldest job',
      {
        max: 1,
        requests: jobs(1, 2)
          .toReversed()
          .map((job) => job),
        managers: [manager(1)],
        jobTasks: [jobTask(7, 1)],
      },
      { mark: [1], assigned: ['e1'], deferred: ['e2'] },
    ],
    [
      'fills the lowest free slots',
      { max: 4, requests: jobs(1, 2, 3, 4, 5, 6, 7), managers: [manager(2), manager(4)] },
      { launch: [1, 3], mark: [2, 4], assigned: ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'] },
    ],
    [
      'a lowered maximum: launches nothing above it',
      { max: 1, requests: jobs(1, 2, 3, 4, 5), managers: [manager(3), manager(5)] },
      { mark: [3, 5], assigned: ['e1', 'e2', 'e3', 'e4'], deferred: ['e5'] },
    ],
    [
      'a manager with another token serves none of these jobs, but counts towards the maximum',
      { max: 1, requests: jobs(1), managers: [manager(1, { runnerTokenParameter: '/t' })] },
      { deferred: ['e1'] },
    ],
    [
      'a manager with another token holds its slot',
      { max: 2, requests: jobs(1), managers: [manager(1, { runnerTokenParameter: '/t' })] },
      { launch: [2], assigned: ['e1'] },
    ],
    [
      'ignores managers and job tasks of other fleets',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1, { fleet: 'other' })],
        jobTasks: [jobTask(1, 1, { fleet: 'other' })],
      },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'a job that has a task needs no manager',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(1, 1)] },
      { running: ['e1'] },
    ],
    [
      'a job whose listed task has ended is assigned again',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(1, 1, { state: 'stopped' })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'the same job twice in a batch takes the capacity of one',
      {
        max: 1,
        concurrentJobs: 1,
        requests: [...jobs(1), { ...jobs(1)[0], eventId: 'again', jobId: 1, requestedAt: now }],
      },
      { launch: [1], assigned: ['e1', 'again'] },
    ],
    [
      'jobs of a draining manager take no capacity of others',
      {
        max: 1,
        concurrentJobs: 1,
        requests: jobs(1),
        managers: [manager(1), manager(2, { drainAt: 5 })],
        jobTasks: [jobTask(7, 2)],
      },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'marks the manager with the most free capacity',
      { requests: jobs(1), managers: [manager(1), manager(2)], jobTasks: [jobTask(7, 1)] },
      { mark: [2], assigned: ['e1'] },
    ],
    [
      'after a failed launch, defers requests without capacity',
      { mayLaunch: false, requests: jobs(1, 2), managers: [manager(1)], jobTasks: [jobTask(7, 1)] },
      { mark: [1], assigned: ['e1'], deferred: ['e2'] },
    ],
    [
      'after a failed launch and without a manager, defers all requests',
      { mayLaunch: false, requests: [withoutJob, ...jobs(1)] },
      { deferred: ['without-job', 'e1'] },
    ],
    [
      'jobs expected by other batches keep their capacity until their messages are back',
      {
        requests: jobs(1),
        managers: [manager(1, { state: 'starting' })],
        expectedJobs: expectedUntil(now + 1, 7, 8),
      },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'an expected job leaves capacity for one more',
      { requests: jobs(1), managers: [manager(1)], expectedJobs: expectedUntil(now + 1, 7) },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'expected jobs whose messages should be back do not count',
      { requests: jobs(1), managers: [manager(1)], expectedJobs: expectedUntil(now, 7, 8) },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'an expected job whose task has ended does not count',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1)],
        expectedJobs: expectedUntil(now + 1, 7, 8),
        startedJobs: new Set([8]),
      },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'an expected job does not count twice if it is requested again or has a task',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1)],
        jobTasks: [jobTask(7, 1)],
        expectedJobs: expectedUntil(now + 1, 1, 7),
      },
      { mark: [1], assigned: ['e1'] },
    ],
  ])('%s', (_title, over, expected) => {
    expect(summary(facts(over))).toEqual({ ...nothing, ...expected });
  });
});

describe('a job that has waited for long', () => {
  /** Requests for jobs that were queued this long ago. */
  const waited = (milliseconds: number, ...numbers: number[]) =>
    jobs(...numbers).map((job) => ({ ...job, requestedAt: now - milliseconds }));
  const asked = (number: number, over: Parameters<typeof manager>[1] = {}) =>
    manager(number, { startedAt: now - 30_000, ...over });
  const ended = (...managers: ReturnType<typeof manager>[]) => ({ managers, jobTasks: [] });
  /** A manager that was drained after this long. */
  const leftAfter = (milliseconds: number, over: Parameters<typeof manager>[1] = {}) =>
    manager(9, { startedAt: now - 100_000, drainAt: now - 100_000 + milliseconds, exitCode: 0, ...over });

  it.each<[string, Partial<LaunchFacts>, Partial<ReturnType<typeof summary>>]>([
    [
      'is overdue when a manager has free capacity',
      { requests: waited(120_000, 1, 2), managers: [asked(1)] },
      { overdue: ['e1', 'e2'] },
    ],
    [
      'is assigned within the first two minutes',
      { requests: waited(119_999, 1), managers: [asked(1)] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'is assigned while its manager may not have polled yet',
      { requests: waited(120_000, 1), managers: [asked(1, { startedAt: now - 29_999 })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'is assigned while its manager starts',
      { requests: waited(120_000, 1), managers: [asked(1, { state: 'starting' })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'is assigned when its manager’s start time is unknown',
      { requests: waited(120_000, 1), managers: [asked(1, { startedAt: undefined })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'is overdue when tasks that wait for a job take no capacity',
      {
        requests: waited(120_000, 1),
        managers: [asked(1)],
        jobTasks: [7, 8].map((number) => jobTask(number, 1, { jobId: undefined, unclaimedUntil: now })),
      },
      { overdue: ['e1'] },
    ],
    ['gets a manager when none runs', { requests: waited(120_000, 1) }, { launch: [1], assigned: ['e1'] }],
    [
      'gets another manager when all are full',
      { requests: waited(120_000, 1), managers: [asked(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'is not overdue when more jobs wait than fit: some may have been taken unseen',
      { requests: waited(120_000, 1, 2), managers: [asked(1)], jobTasks: [jobTask(7, 1)] },
      { launch: [2], mark: [1], assigned: ['e1', 'e2'] },
    ],
    [
      'is not overdue when jobs of other batches may take the free capacity',
      { requests: waited(120_000, 1), managers: [asked(1)], expectedJobs: expectedUntil(now + 1, 7, 8) },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'is compared with the free capacity of managers that have polled, even if others are overfull',
      {
        concurrentJobs: 1,
        max: 3,
        requests: waited(120_000, 1),
        managers: [asked(1), asked(2)],
        jobTasks: [jobTask(7, 1), jobTask(8, 1)],
      },
      { overdue: ['e1'] },
    ],
    [
      'is counted with the jobs that wait with it, without jobs that have a task',
      {
        requests: [...waited(120_000, 1), ...jobs(7).map((job) => ({ ...job, requestedAt: now }))],
        managers: [asked(1)],
        jobTasks: [jobTask(7, 1)],
      },
      { overdue: ['e1'], running: ['e7'] },
    ],
    [
      'is overdue when managers with free capacity asked in vain until they left',
      { requests: waited(120_000, 1, 2, 3, 4, 5), endedTasks: ended(leftAfter(30_000)) },
      { overdue: ['e1', 'e2', 'e3', 'e4', 'e5'] },
    ],
    [
      'is overdue when the manager that asked in vain is about to leave',
      {
        requests: waited(120_000, 1),
        managers: [leftAfter(30_000, { exitCode: undefined })],
        endedTasks: ended(),
      },
      { overdue: ['e1'] },
    ],
    [
      'gets another manager when those that left may have been full: a job of theirs ended later',
      {
        requests: waited(120_000, 1),
        endedTasks: { managers: [leftAfter(30_000)], jobTasks: [jobTask(7, 9, { stoppedAt: now })] },
      },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'gets another manager when a job of the one that left still runs',
      {
        requests: waited(120_000, 1),
        jobTasks: [jobTask(7, 9)],
        endedTasks: ended(leftAfter(30_000)),
      },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'is overdue although a task that no job had claimed ended later',
      {
        requests: waited(120_000, 1),
        endedTasks: {
          managers: [leftAfter(30_000)],
          jobTasks: [jobTask(7, 9, { jobId: undefined, unclaimedUntil: now })],
        },
      },
      { overdue: ['e1'] },
    ],
    [
      'gets another manager before ended tasks are read',
      { requests: waited(120_000, 1), managers: [leftAfter(30_000)] },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'gets another manager when those that left had not asked for long enough',
      { requests: waited(120_000, 1), endedTasks: ended(leftAfter(29_999)) },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'gets another manager when those that left have another runner token',
      { requests: waited(120_000, 1), endedTasks: ended(leftAfter(30_000, { runnerTokenParameter: '/t' })) },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'is not overdue within the first two minutes, even if managers asked in vain',
      { requests: waited(119_999, 1), endedTasks: ended(leftAfter(30_000)) },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'does not end a request without a job when managers asked in vain',
      { requests: [withoutJob], endedTasks: ended(leftAfter(30_000)) },
      { launch: [1], assigned: ['without-job'] },
    ],
    [
      'does not end a request without a job, nor a new request',
      {
        requests: [
          ...waited(120_000, 1),
          ...jobs(2).map((job) => ({ ...job, requestedAt: now })),
          withoutJob,
        ],
        managers: [asked(1)],
      },
      { overdue: ['e1'], mark: [1], assigned: ['without-job', 'e2'] },
    ],
  ])('%s', (_title, over, expected) => {
    expect(summary(facts(over))).toEqual({ ...nothing, ...expected });
  });
});
