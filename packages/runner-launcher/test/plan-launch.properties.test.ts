import { managerFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LaunchFacts, planLaunch } from '../src/index.ts';
import { facts, jobTask, now } from './support/plan.ts';

describe('for any facts', () => {
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
      expectedJobs: fc.array(fc.record({ jobId: fc.nat(40), until: fc.integer({ min: 0, max: 2 * now }) })),
      mayLaunch: fc.boolean(),
    })
    .map(({ managers, tasks, requests, ...rest }) =>
      facts({
        ...rest,
        managers: managers.map(({ number, ...over }) =>
          managerFacts({ taskId: taskIdNumber(number), ...over }),
        ),
        jobTasks: tasks.map(({ job, ofManager }) => jobTask(job, ofManager)),
        requests: requests.map((jobId, index) => ({
          eventId: `e${index}`,
          jobId,
          requestedAt: now - index * 50_000,
        })),
      }),
    );
  const takes = (clusterState: LaunchFacts) =>
    clusterState.managers.filter(
      ({ state, drainAt }) => (state === 'starting' || state === 'running') && drainAt === undefined,
    );

  it('never has more managers that take jobs than the maximum, unless there were more before', () => {
    fc.assert(
      fc.property(anyFacts, (clusterState) => {
        const { launch } = planLaunch(clusterState);
        expect(launch.length === 0 || takes(clusterState).length + launch.length <= clusterState.max).toBe(
          true,
        );
        expect(launch.every((slot) => slot >= 1 && slot <= clusterState.max)).toBe(true);
        expect(takes(clusterState).some(({ slot }) => launch.includes(slot ?? 0))).toBe(false);
      }),
    );
  });

  it('puts every request into exactly one list', () => {
    fc.assert(
      fc.property(anyFacts, (clusterState) => {
        const { assigned, deferred, running, overdue } = planLaunch(clusterState);
        expect([...assigned, ...deferred, ...running, ...overdue].toSorted()).toEqual(
          clusterState.requests.map(({ eventId }) => eventId).toSorted(),
        );
      }),
    );
  });

  it('assigns no request without a manager, and marks only managers that take its jobs', () => {
    fc.assert(
      fc.property(anyFacts, (clusterState) => {
        const { assigned, mark, launch } = planLaunch(clusterState);
        expect(assigned.length === 0 || mark.length + launch.length > 0).toBe(true);
        expect(
          mark.every((one) => takes(clusterState).includes(one) && one.runnerTokenParameter === undefined),
        ).toBe(true);
      }),
    );
  });
});
