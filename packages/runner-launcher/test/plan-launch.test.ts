import { jobTaskFacts, managerFacts, taskIdNumber } from '@serverless-gitlab-runner/ecs-tasks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LaunchFacts, planLaunch } from '../src/index.ts';

const now = 1_000_000;

function facts(over: Partial<LaunchFacts> = {}): LaunchFacts {
  return {
    serving: { fleet: 'default', runnerTokenParameter: undefined },
    max: 2,
    concurrentJobs: 2,
    managers: [],
    jobTasks: [],
    requests: [],
    counted: [],
    mayLaunch: true,
    now,
    ...over,
  };
}

const manager = (number: number, over: Parameters<typeof managerFacts>[0] = {}) =>
  managerFacts({ taskId: taskIdNumber(number), slot: number, ...over });
const jobTask = (number: number, ofManager: number, over: Parameters<typeof jobTaskFacts>[0] = {}) =>
  jobTaskFacts({
    taskId: taskIdNumber(1000 + number),
    jobId: number,
    managerTaskId: taskIdNumber(ofManager),
    ...over,
  });
/** Requests for jobs of these numbers, the first the oldest; event ids are `e<number>`. */
const jobs = (...numbers: number[]) =>
  numbers.map((jobId, index) => ({ eventId: `e${jobId}`, jobId, requestedAt: index }));
const wish = { eventId: 'wish', jobId: undefined, requestedAt: 0 };

/** A plan as a line: which slots are filled, which managers are marked, who is covered, kept, running. */
function summary(world: LaunchFacts) {
  const { launch, mark, covered, kept, running } = planLaunch(world);
  return { launch, mark: mark.map(({ slot }) => slot), covered, kept, running };
}

const nothing = { launch: [], mark: [], covered: [], kept: [], running: [] };

describe('planning a launch', () => {
  it.each<[string, Partial<LaunchFacts>, Partial<ReturnType<typeof summary>>]>([
    ['nobody asks: nothing', { managers: [manager(1)] }, {}],
    ['no manager, one job: one', { requests: jobs(1) }, { launch: [1], covered: ['e1'] }],
    [
      'no manager, three jobs at two a manager: two',
      { requests: jobs(1, 2, 3) },
      { launch: [1, 2], covered: ['e1', 'e2', 'e3'] },
    ],
    [
      'no manager, five jobs, two managers allowed: the newest job is kept',
      { requests: jobs(1, 2, 3, 4, 5) },
      { launch: [1, 2], covered: ['e1', 'e2', 'e3', 'e4'], kept: ['e5'] },
    ],
    ['somebody wishes for a manager: one', { requests: [wish] }, { launch: [1], covered: ['wish'] }],
    [
      'the wish is granted already: it is marked',
      { requests: [wish], managers: [manager(1)] },
      { mark: [1], covered: ['wish'] },
    ],
    [
      'a wish needs no place: full managers serve it',
      { max: 1, requests: [wish], managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { mark: [1], covered: ['wish'] },
    ],
    [
      'a running manager with room: it is marked',
      { requests: jobs(1), managers: [manager(1)] },
      { mark: [1], covered: ['e1'] },
    ],
    [
      'a starting manager counts',
      { requests: jobs(1), managers: [manager(1, { state: 'starting' })] },
      { mark: [1], covered: ['e1'] },
    ],
    [
      'a draining manager does not count, nor does it hold its place',
      { requests: jobs(1), managers: [manager(1, { drainAt: 5 })] },
      { launch: [1], covered: ['e1'] },
    ],
    [
      'a draining manager does not count towards the maximum',
      { max: 1, requests: jobs(1), managers: [manager(1, { drainAt: 5 })], jobTasks: [jobTask(7, 1)] },
      { launch: [1], covered: ['e1'] },
    ],
    ...(['stopping', 'stopped'] as const).map(
      (state): [string, Partial<LaunchFacts>, Partial<ReturnType<typeof summary>>] => [
        `a manager that is ${state} does not count`,
        { requests: jobs(1), managers: [manager(1, { state })] },
        { launch: [1], covered: ['e1'] },
      ],
    ),
    [
      'full manager, room for another: it is launched in the free place',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { launch: [2], mark: [1], covered: ['e1'] },
    ],
    [
      'full manager at the maximum: the job stays in the queue',
      { max: 1, requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(7, 1), jobTask(8, 1)] },
      { kept: ['e1'] },
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
      { mark: [1], covered: ['e1'], kept: ['e2'] },
    ],
    [
      'the lowest free places are filled',
      { max: 4, requests: jobs(1, 2, 3, 4, 5, 6, 7), managers: [manager(2), manager(4)] },
      { launch: [1, 3], mark: [2, 4], covered: ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'] },
    ],
    [
      'after the maximum was lowered nothing is launched beyond it',
      { max: 1, requests: jobs(1, 2, 3, 4, 5), managers: [manager(3), manager(5)] },
      { mark: [3, 5], covered: ['e1', 'e2', 'e3', 'e4'], kept: ['e5'] },
    ],
    [
      'a manager with another token serves nobody here, but counts towards the maximum',
      { max: 1, requests: jobs(1), managers: [manager(1, { runnerTokenParameter: '/t' })] },
      { kept: ['e1'] },
    ],
    [
      'a manager with another token holds its place',
      { max: 2, requests: jobs(1), managers: [manager(1, { runnerTokenParameter: '/t' })] },
      { launch: [2], covered: ['e1'] },
    ],
    [
      'another fleet’s managers and job tasks are of no concern',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1, { fleet: 'other' })],
        jobTasks: [jobTask(1, 1, { fleet: 'other' })],
      },
      { launch: [1], covered: ['e1'] },
    ],
    [
      'a job that has a task already needs nobody',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(1, 1)] },
      { running: ['e1'] },
    ],
    [
      'a job whose task has ended is asked for again',
      { requests: jobs(1), managers: [manager(1)], jobTasks: [jobTask(1, 1, { state: 'stopped' })] },
      { mark: [1], covered: ['e1'] },
    ],
    [
      'the same job twice in a batch takes one place',
      {
        max: 1,
        concurrentJobs: 1,
        requests: [...jobs(1), { ...jobs(1)[0], eventId: 'again', jobId: 1, requestedAt: 9 }],
      },
      { launch: [1], covered: ['e1', 'again'] },
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
      { mark: [1], covered: ['e1'] },
    ],
    [
      'the emptiest manager is relied on',
      { requests: jobs(1), managers: [manager(1), manager(2)], jobTasks: [jobTask(7, 1)] },
      { mark: [2], covered: ['e1'] },
    ],
    [
      'once a launch failed, those without a place are kept',
      { mayLaunch: false, requests: jobs(1, 2), managers: [manager(1)], jobTasks: [jobTask(7, 1)] },
      { mark: [1], covered: ['e1'], kept: ['e2'] },
    ],
    [
      'once a launch failed and nobody runs, all are kept',
      { mayLaunch: false, requests: [wish, ...jobs(1)] },
      { kept: ['wish', 'e1'] },
    ],
    [
      'jobs that were counted on a starting manager keep their places',
      {
        requests: jobs(1),
        managers: [manager(1, { state: 'starting' })],
        counted: [
          { jobId: 7, countedAt: now - 100_000 },
          { jobId: 8, countedAt: now - 100_000 },
        ],
      },
      { launch: [2], mark: [1], covered: ['e1'] },
    ],
    [
      'jobs counted on a running manager a while ago have been taken',
      {
        requests: jobs(1),
        managers: [manager(1)],
        counted: [
          { jobId: 7, countedAt: now - 15_000 },
          { jobId: 8, countedAt: now - 60_000 },
        ],
      },
      { mark: [1], covered: ['e1'] },
    ],
    [
      'a counted job is not counted twice: asked for again, or with a task',
      {
        max: 1,
        requests: jobs(1),
        managers: [manager(1)],
        jobTasks: [jobTask(7, 1)],
        counted: [
          { jobId: 1, countedAt: now },
          { jobId: 7, countedAt: now },
        ],
      },
      { mark: [1], covered: ['e1'] },
    ],
  ])('%s', (_title, over, expected) => {
    expect(summary(facts(over))).toEqual({ ...nothing, ...expected });
  });
});

describe('whatever the facts', () => {
  const anyManager = fc.record({
    number: fc.integer({ min: 1, max: 12 }),
    state: fc.constantFrom('starting', 'running', 'stopping', 'stopped'),
    drainAt: fc.option(fc.nat(), { nil: undefined }),
    slot: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    runnerTokenParameter: fc.constantFrom(undefined, '/t'),
  });
  const anyFacts = fc
    .record({
      max: fc.integer({ min: 1, max: 5 }),
      concurrentJobs: fc.integer({ min: 1, max: 4 }),
      managers: fc.uniqueArray(anyManager, { selector: ({ number }) => number, maxLength: 8 }),
      tasks: fc.uniqueArray(fc.record({ job: fc.nat(40), ofManager: fc.integer({ min: 1, max: 12 }) }), {
        selector: ({ job }) => job,
        maxLength: 12,
      }),
      requests: fc.array(fc.option(fc.nat(40), { nil: undefined }), { maxLength: 20 }),
      counted: fc.array(fc.record({ jobId: fc.nat(40), countedAt: fc.integer({ min: 0, max: now }) })),
      mayLaunch: fc.boolean(),
    })
    .map(({ managers, tasks, requests, ...rest }) =>
      facts({
        ...rest,
        managers: managers.map(({ number, ...over }) =>
          managerFacts({ taskId: taskIdNumber(number), ...over }),
        ),
        jobTasks: tasks.map(({ job, ofManager }) => jobTask(job, ofManager)),
        requests: requests.map((jobId, index) => ({ eventId: `e${index}`, jobId, requestedAt: index })),
      }),
    );
  const takes = (world: LaunchFacts) =>
    world.managers.filter(
      ({ state, drainAt }) => (state === 'starting' || state === 'running') && drainAt === undefined,
    );

  it('never has more managers that take jobs than the maximum, unless there were more before', () => {
    fc.assert(
      fc.property(anyFacts, (world) => {
        const { launch } = planLaunch(world);
        expect(launch.length === 0 || takes(world).length + launch.length <= world.max).toBe(true);
        expect(launch.every((slot) => slot >= 1 && slot <= world.max)).toBe(true);
        expect(takes(world).some(({ slot }) => launch.includes(slot ?? 0))).toBe(false);
      }),
    );
  });

  it('says of every request exactly one thing', () => {
    fc.assert(
      fc.property(anyFacts, (world) => {
        const { covered, kept, running } = planLaunch(world);
        expect([...covered, ...kept, ...running].toSorted()).toEqual(
          world.requests.map(({ eventId }) => eventId).toSorted(),
        );
      }),
    );
  });

  it('covers nobody without a manager, and relies only on managers that take its jobs', () => {
    fc.assert(
      fc.property(anyFacts, (world) => {
        const { covered, mark, launch } = planLaunch(world);
        expect(covered.length === 0 || mark.length + launch.length > 0).toBe(true);
        expect(
          mark.every((one) => takes(world).includes(one) && one.runnerTokenParameter === undefined),
        ).toBe(true);
      }),
    );
  });
});
