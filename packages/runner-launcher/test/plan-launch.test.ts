import { describe, expect, it } from 'vitest';
import { type LaunchFacts, planLaunch } from '../src/index.ts';
import { facts, jobs, jobTask, manager, now, withoutJob } from './support/plan.ts';

/** A plan as a line: which slots are filled, which managers are marked, who is assigned, deferred, running. */
function summary(clusterState: LaunchFacts) {
  const { launch, mark, assigned, deferred, running, overdue } = planLaunch(clusterState);
  return { launch, mark: mark.map(({ slot }) => slot), assigned, deferred, running, overdue };
}

const nothing = { launch: [], mark: [], assigned: [], deferred: [], running: [], overdue: [] };

const counted = (until: number, ...jobIds: number[]) => jobIds.map((jobId) => ({ jobId, until }));

describe('planning a launch', () => {
  it.each<[string, Partial<LaunchFacts>, Partial<ReturnType<typeof summary>>]>([
    ['nobody asks: nothing', { managers: [manager(1)] }, {}],
    ['nobody asks, and no manager is there: nothing', {}, {}],
    ['no manager, one job: one', { requests: jobs(1) }, { launch: [1], assigned: ['e1'] }],
    [
      'no manager, three jobs at two a manager: two',
      { requests: jobs(1, 2, 3) },
      { launch: [1, 2], assigned: ['e1', 'e2', 'e3'] },
    ],
    [
      'no manager, five jobs, two managers allowed: the newest job is kept',
      { requests: jobs(1, 2, 3, 4, 5) },
      { launch: [1, 2], assigned: ['e1', 'e2', 'e3', 'e4'], deferred: ['e5'] },
    ],
    [
      'a job that had a task, which ended since, wants nobody any more',
      { requests: jobs(1, 2), startedJobs: new Set([1]) },
      { launch: [1], running: ['e1'], assigned: ['e2'] },
    ],
    [
      'a request without a job: one manager',
      { requests: [withoutJob] },
      { launch: [1], assigned: ['without-job'] },
    ],
    [
      'a request without a job, and a manager: it is marked',
      { requests: [withoutJob], managers: [manager(1)] },
      { mark: [1], assigned: ['without-job'] },
    ],
    [
      'a request without a job needs no place: full managers serve it',
      { max: 1, requests: [withoutJob], managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { mark: [1], assigned: ['without-job'] },
    ],
    [
      'a running manager with room: it is marked',
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
      'a request without a job takes no place',
      { max: 1, concurrentJobs: 1, requests: [withoutJob, ...jobs(1)] },
      { launch: [1], assigned: ['without-job', 'e1'] },
    ],
    [
      'as many managers are relied on as the jobs need',
      { requests: jobs(1, 2), managers: [manager(1), manager(2)] },
      { mark: [1], assigned: ['e1', 'e2'] },
    ],
    [
      'a job without a place has none when it comes twice',
      {
        max: 1,
        concurrentJobs: 1,
        requests: [...jobs(1, 2), { eventId: 'again', jobId: 2, requestedAt: now }],
      },
      { launch: [1], assigned: ['e1'], deferred: ['e2', 'again'] },
    ],
    [
      'a draining manager does not count, nor does it hold its place',
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
      'full manager, room for another: it is launched in the free place',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'full manager at the maximum: the job stays in the queue',
      { max: 1, requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { deferred: ['e1'] },
    ],
    [
      'one place left at the maximum: the oldest job has it',
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
      'the lowest free places are filled',
      { max: 4, requests: jobs(1, 2, 3, 4, 5, 6, 7), managers: [manager(2), manager(4)] },
      { launch: [1, 3], mark: [2, 4], assigned: ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'] },
    ],
    [
      'after the maximum was lowered nothing is launched beyond it',
      { max: 1, requests: jobs(1, 2, 3, 4, 5), managers: [manager(3), manager(5)] },
      { mark: [3, 5], assigned: ['e1', 'e2', 'e3', 'e4'], deferred: ['e5'] },
    ],
    [
      'a manager with another token serves nobody here, but counts towards the maximum',
      { max: 1, requests: jobs(1), managers: [manager(1, { runnerTokenParameter: '/t' })] },
      { deferred: ['e1'] },
    ],
    [
      'a manager with another token holds its place',
      { max: 2, requests: jobs(1), managers: [manager(1, { runnerTokenParameter: '/t' })] },
      { launch: [2], assigned: ['e1'] },
    ],
    [
      'another fleet’s managers and job tasks are of no concern',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1, { fleet: 'other' })],
        jobTasks: [jobTask(1, 1, { fleet: 'other' })],
      },
      { launch: [1], assigned: ['e1'] },
    ],
    [
      'a job that has a task already needs nobody',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(1, 1)] },
      { running: ['e1'] },
    ],
    [
      'a job whose task has ended is asked for again',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(1, 1, { state: 'stopped' })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'the same job twice in a batch takes one place',
      {
        max: 1,
        concurrentJobs: 1,
        requests: [...jobs(1), { ...jobs(1)[0], eventId: 'again', jobId: 1, requestedAt: now }],
      },
      { launch: [1], assigned: ['e1', 'again'] },
    ],
    [
      'jobs of a draining manager take nobody’s place',
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
      'the emptiest manager is relied on',
      { requests: jobs(1), managers: [manager(1), manager(2)], jobTasks: [jobTask(7, 1)] },
      { mark: [2], assigned: ['e1'] },
    ],
    [
      'once a launch failed, those without a place are kept',
      { mayLaunch: false, requests: jobs(1, 2), managers: [manager(1)], jobTasks: [jobTask(7, 1)] },
      { mark: [1], assigned: ['e1'], deferred: ['e2'] },
    ],
    [
      'once a launch failed and nobody runs, all are kept',
      { mayLaunch: false, requests: [withoutJob, ...jobs(1)] },
      { deferred: ['without-job', 'e1'] },
    ],
    [
      'jobs that other batches counted keep their places, until their messages are back',
      {
        requests: jobs(1),
        managers: [manager(1, { state: 'starting' })],
        expectedJobs: counted(now + 1, 7, 8),
      },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'one place is left beside a counted job',
      { requests: jobs(1), managers: [manager(1)], expectedJobs: counted(now + 1, 7) },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'jobs whose messages should be back are counted no more',
      { requests: jobs(1), managers: [manager(1)], expectedJobs: counted(now, 7, 8) },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'a counted job that had a task, which ended since, is counted no more',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1)],
        expectedJobs: counted(now + 1, 7, 8),
        startedJobs: new Set([8]),
      },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'a counted job is not counted twice: asked for again, or with a task',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1)],
        jobTasks: [jobTask(7, 1)],
        expectedJobs: counted(now + 1, 1, 7),
      },
      { mark: [1], assigned: ['e1'] },
    ],
  ])('%s', (_title, over, expected) => {
    expect(summary(facts(over))).toEqual({ ...nothing, ...expected });
  });
});

describe('a job that has waited long', () => {
  /** Queued as long ago as it takes, with a manager that has run for as long as it takes. */
  const waited = (milliseconds: number, ...numbers: number[]) =>
    jobs(...numbers).map((job) => ({ ...job, requestedAt: now - milliseconds }));
  const asked = (number: number, over: Parameters<typeof manager>[1] = {}) =>
    manager(number, { startedAt: now - 30_000, ...over });

  it.each<[string, Partial<LaunchFacts>, Partial<ReturnType<typeof summary>>]>([
    [
      'is not waited for any more beside a free place',
      { requests: waited(120_000, 1, 2), managers: [asked(1)] },
      { overdue: ['e1', 'e2'] },
    ],
    [
      'is looked at again before two minutes',
      { requests: waited(119_999, 1), managers: [asked(1)] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'is looked at again while its manager may not have asked yet',
      { requests: waited(120_000, 1), managers: [asked(1, { startedAt: now - 29_999 })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'is looked at again while its manager starts',
      { requests: waited(120_000, 1), managers: [asked(1, { state: 'starting' })] },
      { mark: [1], assigned: ['e1'] },
    ],
    [
      'is looked at again when nobody knows since when its manager runs',
      { requests: waited(120_000, 1), managers: [asked(1, { startedAt: undefined })] },
      { mark: [1], assigned: ['e1'] },
    ],
    ['gets a manager where none is', { requests: waited(120_000, 1) }, { launch: [1], assigned: ['e1'] }],
    [
      'gets another manager when all places are taken',
      { requests: waited(120_000, 1), managers: [asked(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'is not overdue when more wait than there are free places: they may have been taken unseen',
      { requests: waited(120_000, 1, 2), managers: [asked(1)], jobTasks: [jobTask(7, 1)] },
      { launch: [2], mark: [1], assigned: ['e1', 'e2'] },
    ],
    [
      'is not overdue when jobs of other batches may have the free places',
      { requests: waited(120_000, 1), managers: [asked(1)], expectedJobs: counted(now + 1, 7, 8) },
      { launch: [2], mark: [1], assigned: ['e1'] },
    ],
    [
      'counts the free places of managers that have asked, whatever the others have too many',
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
      'counts for what waits with it, but a job with a task does not',
      {
        requests: [...waited(120_000, 1), ...jobs(7).map((job) => ({ ...job, requestedAt: now }))],
        managers: [asked(1)],
        jobTasks: [jobTask(7, 1)],
      },
      { overdue: ['e1'], running: ['e7'] },
    ],
    [
      'does not end a request without a job, nor a new one',
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
