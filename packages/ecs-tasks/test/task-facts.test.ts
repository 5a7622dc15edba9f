import type { Task } from '@aws-sdk/client-ecs';
import { toTags } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { isAlive, managerFacts, servesSame, takesJobs, tokenRefusedAt, toTaskFacts } from '../src/index.ts';

const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123456789abcdef0123456789abcdef';
const at = (seconds: number) => new Date(1_000_000 + seconds * 1000);

const managerTask: Task = {
  taskArn,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  startedBy: 'serverless-gitlab-runner',
  createdAt: at(0),
  startedAt: at(30),
  tags: toTags({
    role: 'manager',
    fleet: 'default',
    slot: '2',
    demand: '2026-11-23T10:00:00.000Z',
    drain: '2026-11-23T10:05:00.500Z',
    runnerTokenParameter: '/p/fleets/default/runner-tokens/abc',
  }),
  containers: [{ name: 'manager', exitCode: 78 }],
};

describe('facts about a task', () => {
  it('has what a manager’s tags and times say', () => {
    expect(toTaskFacts(managerTask)).toEqual({
      role: 'manager',
      taskArn,
      taskId: '0123456789abcdef0123456789abcdef',
      fleet: 'default',
      state: 'running',
      createdAt: 1_000_000,
      startedAt: 1_030_000,
      stoppingAt: undefined,
      stoppedAt: undefined,
      slot: 2,
      demandAt: Date.parse('2026-11-23T10:00:00.000Z'),
      drainAt: Date.parse('2026-11-23T10:05:00.500Z'),
      runnerTokenParameter: '/p/fleets/default/runner-tokens/abc',
      exitCode: 78,
    });
  });

  it('has a job task’s manager and job', () => {
    const tags = toTags({ role: 'job', fleet: 'default', jobId: '1977' });
    const facts = toTaskFacts({ taskArn, lastStatus: 'PENDING', startedBy: 'manager-id', tags });
    expect(facts).toMatchObject({ role: 'job', managerTaskId: 'manager-id', jobId: 1977, state: 'starting' });
  });

  it.each([
    ['without tags', { taskArn }],
    ['of somebody else', { taskArn, tags: [{ key: 'team', value: 'web' }] }],
    ['with a role of ours and no fleet', { taskArn, tags: toTags({ role: 'manager' }) }],
    [
      'with a role that is not ours',
      { taskArn, tags: [...toTags({ fleet: 'default' }), { key: 'role', value: 'job' }] },
    ],
    ['without an ARN', { tags: managerTask.tags }],
  ])('leaves out a task %s', (_title, task) => {
    expect(toTaskFacts(task)).toBeUndefined();
  });

  it.each([
    ['PROVISIONING', 'RUNNING', 'starting'],
    ['PENDING', 'RUNNING', 'starting'],
    ['ACTIVATING', 'RUNNING', 'starting'],
    ['RUNNING', 'RUNNING', 'running'],
    ['RUNNING', 'STOPPED', 'stopping'],
    ['PENDING', 'STOPPED', 'stopping'],
    ['DEACTIVATING', 'STOPPED', 'stopping'],
    ['STOPPING', 'STOPPED', 'stopping'],
    ['DEPROVISIONING', 'STOPPED', 'stopping'],
    ['STOPPED', 'STOPPED', 'stopped'],
    ['DELETED', 'STOPPED', 'stopped'],
    [undefined, undefined, 'starting'],
  ])('reads last status %s with desired status %s as %s', (lastStatus, desiredStatus, state) => {
    expect(toTaskFacts({ ...managerTask, lastStatus, desiredStatus })?.state).toBe(state);
  });

  it('reads tags that somebody broke as missing', () => {
    const tags = toTags({ role: 'manager', fleet: 'default', slot: 'first', demand: 'yesterday', drain: '' });
    expect(toTaskFacts({ taskArn, tags })).toMatchObject({
      slot: undefined,
      demandAt: undefined,
      drainAt: undefined,
      exitCode: undefined,
    });
  });
});

describe('judgements that everybody shares', () => {
  it.each([
    ['starting', undefined, true, true],
    ['running', undefined, true, true],
    ['running', 5, true, false],
    ['stopping', undefined, false, false],
    ['stopped', undefined, false, false],
  ] as const)(
    'a manager that is %s with drain %s: alive %s, takes jobs %s',
    (state, drainAt, alive, takes) => {
      const manager = managerFacts({ state, drainAt });
      expect(isAlive(manager)).toBe(alive);
      expect(takesJobs(manager)).toBe(takes);
    },
  );

  it.each([
    ['the same fleet and token', { fleet: 'a', runnerTokenParameter: '/t' }, true],
    ['another token', { fleet: 'a', runnerTokenParameter: undefined }, false],
    ['another fleet', { fleet: 'b', runnerTokenParameter: '/t' }, false],
  ])('knows %s', (_title, other, same) => {
    expect(servesSame({ fleet: 'a', runnerTokenParameter: '/t' }, other)).toBe(same);
  });

  it('tells how old a refused token is: as the start of the last manager of that fleet and token that was refused', () => {
    const refused = (over: Parameters<typeof managerFacts>[0]) =>
      managerFacts({ state: 'stopped', exitCode: 78, ...over });
    const managers = [
      refused({ startedAt: 10, stoppedAt: 15 }),
      refused({ startedAt: 20, stoppedAt: 60 }),
      refused({ startedAt: 30, fleet: 'other' }),
      refused({ startedAt: 40, runnerTokenParameter: '/t' }),
      refused({ startedAt: 50, exitCode: 0 }),
    ];
    expect(tokenRefusedAt(managers, { fleet: 'default', runnerTokenParameter: undefined })).toBe(20);
    expect(tokenRefusedAt([], { fleet: 'default', runnerTokenParameter: undefined })).toBeUndefined();
  });
});
