import type { Task } from '@aws-sdk/client-ecs';
import {
  aheadTaskGroup,
  jobFamilyPrefix,
  jobTaskGroup,
  managerFamily,
  toTags,
} from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import {
  definitionArn,
  isAlive,
  isSameQueue,
  jobStopReason,
  managerFacts,
  STOP_REASONS,
  takesJobs,
  tokenRefusedAt,
  toTaskFacts,
} from '../src/ecs-tasks/index.ts';

const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123456789abcdef0123456789abcdef';
const at = (seconds: number) => new Date(1_000_000 + seconds * 1000);

const taskDefinitionArn = definitionArn(managerFamily('default'));
const jobDefinitionArn = definitionArn(`${jobFamilyPrefix('default')}0a1b`);
const webhookToken = '/p/fleets/default/runner-tokens/abc';

const managerTask: Task = {
  taskArn,
  taskDefinitionArn,
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
  it('contain a manager’s tags and times', () => {
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

  it('contain a job task’s manager and job', () => {
    const task = {
      taskArn,
      taskDefinitionArn: jobDefinitionArn,
      lastStatus: 'PENDING',
      startedBy: 'manager-id',
    };
    const facts = {
      role: 'job',
      fleet: 'default',
      managerTaskId: 'manager-id',
      jobId: 1977,
      family: `${jobFamilyPrefix('default')}0a1b`,
      state: 'starting',
    };
    expect(toTaskFacts({ ...task, tags: toTags({ jobId: '1977' }) })).toMatchObject(facts);
    expect(toTaskFacts({ ...task, group: jobTaskGroup(1977) })).toMatchObject(facts);
    expect(toTaskFacts({ ...task, group: 'family:x' })).toMatchObject({ ...facts, jobId: undefined });
  });

  it.each([
    ['manager', 'a', managerFamily('a')],
    ['manager', 'a-b', managerFamily('a-b')],
    ['job', 'a-b', `${jobFamilyPrefix('a-b')}0a1b`],
  ])('contain role %s and fleet %s for a task of family %3$s', (role, fleet, family) => {
    const tags = toTags({ role: 'job', fleet: 'said-otherwise' });
    const task = { taskArn, taskDefinitionArn: definitionArn(family) };
    expect(toTaskFacts(task)).toMatchObject({ role, fleet });
    expect(toTaskFacts({ ...task, tags })).toMatchObject({ role, fleet });
  });

  it.each<[string, Task]>([
    ['of an unmanaged family', { taskArn, taskDefinitionArn: definitionArn('web') }],
    [
      'of another family with this project’s tags',
      {
        taskArn,
        taskDefinitionArn: definitionArn('web'),
        tags: toTags({ role: 'manager', fleet: 'default' }),
      },
    ],
    ['without a task definition', { taskArn, tags: managerTask.tags }],
    ['without an ARN', { taskDefinitionArn, tags: managerTask.tags }],
  ])('are undefined for a task %s', (_title, task) => {
    expect(toTaskFacts(task)).toBeUndefined();
  });

  describe('whose tags StopTask has deleted', () => {
    const stopped: Task = {
      taskArn,
      taskDefinitionArn,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stoppingAt: at(500),
      stoppedAt: at(530),
      stoppedReason: 'Task stopped by user',
      tags: [],
    };
    const overriding = (value: string) => ({
      overrides: {
        containerOverrides: [{ name: 'manager', environment: [{ name: 'RUNNER_TOKEN_PARAMETER', value }] }],
      },
    });
    const stoppingAt = at(500).getTime();

    it.each<[string, Partial<Task>, { demandAt?: number; drainAt?: number }]>([
      ['counts as having had demand until then', {}, { demandAt: stoppingAt }],
      ['counts as having demand while it is stopping', { lastStatus: 'STOPPING' }, { demandAt: stoppingAt }],
      [
        'counts as drained if the reaper stopped it',
        { stoppedReason: STOP_REASONS['drain-overdue'] },
        { drainAt: stoppingAt },
      ],
      [
        'has its marks if ECS keeps them',
        { tags: toTags({ role: 'manager', demand: at(1).toISOString() }) },
        { demandAt: at(1).getTime() },
      ],
      [
        'counts as having had demand until its end if ECS returns no other time',
        { stoppingAt: undefined },
        { demandAt: at(530).getTime() },
      ],
      ['has no marks if ECS returns no time', { stoppingAt: undefined, stoppedAt: undefined }, {}],
      ['has no marks while it runs', { lastStatus: 'RUNNING', desiredStatus: 'RUNNING' }, {}],
    ])('a manager %s', (_title, over, marks) => {
      const none = { demandAt: undefined, drainAt: undefined };
      expect(toTaskFacts({ ...stopped, ...over })).toMatchObject({ role: 'manager', ...none, ...marks });
    });

    it.each([
      ['a webhook’s runner token by its override', overriding(webhookToken), webhookToken],
      ['the fleet’s own', overriding('/p/fleets/default/runner-token'), undefined],
      [
        'the fleet’s own instead of another fleet’s',
        overriding('/p/fleets/other/runner-tokens/abc'),
        undefined,
      ],
      ['the fleet’s own without an override', {}, undefined],
      ['the fleet’s own if nothing is overridden', { overrides: {} }, undefined],
      ['the fleet’s own if no container is overridden', { overrides: { containerOverrides: [] } }, undefined],
      [
        'the fleet’s own without a variable',
        { overrides: { containerOverrides: [{ name: 'manager' }] } },
        undefined,
      ],
      [
        'the fleet’s own without that variable',
        { overrides: { containerOverrides: [{ name: 'manager', environment: [] }] } },
        undefined,
      ],
      [
        'the value of that variable of that container',
        {
          overrides: {
            containerOverrides: [
              { name: 'other', environment: [{ name: 'RUNNER_TOKEN_PARAMETER', value: `${webhookToken}0` }] },
              {
                name: 'manager',
                environment: [
                  { name: 'OTHER', value: `${webhookToken}1` },
                  { name: 'RUNNER_TOKEN_PARAMETER', value: webhookToken },
                ],
              },
            ],
          },
        },
        webhookToken,
      ],
    ])('a manager has %s', (_title, over, runnerTokenParameter) => {
      expect(toTaskFacts({ ...stopped, ...over })).toMatchObject({ runnerTokenParameter });
    });
  });

  describe('started ahead', () => {
    const until = '2026-11-23T10:00:00.000Z';
    const task: Task = {
      taskArn,
      taskDefinitionArn: jobDefinitionArn,
      lastStatus: 'RUNNING',
      group: aheadTaskGroup('ahead-1'),
      tags: toTags({ role: 'job', ahead: until }),
    };
    const stopped: Task = {
      ...task,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      tags: [],
      stoppingAt: at(5),
    };
    const unclaimedUntil = Date.parse(until);

    it.each<[string, Task, { jobId?: number; unclaimedUntil: number | undefined }]>([
      ['waits for a job', task, { unclaimedUntil }],
      ['without a valid time is overdue', { ...task, tags: toTags({ role: 'job' }) }, { unclaimedUntil: 0 }],
      [
        'is a claimed one once it has a job',
        { ...task, tags: toTags({ role: 'job', ahead: until, jobId: '7' }) },
        { jobId: 7, unclaimedUntil: undefined },
      ],
      ['is a claimed one if its tags were deleted', stopped, { unclaimedUntil: undefined }],
      [
        'has its job in the reason of its stop',
        { ...stopped, stoppedReason: jobStopReason(7, 'the job is over') },
        { jobId: 7, unclaimedUntil: undefined },
      ],
      ...(['not-claimed', 'claim-overdue'] as const).map(
        (reason): [string, Task, { unclaimedUntil: number }] => [
          `has no job if it was stopped as ${reason}`,
          { ...stopped, stoppedReason: STOP_REASONS[reason] },
          { unclaimedUntil: at(5).getTime() },
        ],
      ),
      [
        'whose stop has no time',
        { ...stopped, stoppedReason: STOP_REASONS['not-claimed'], stoppingAt: undefined },
        { unclaimedUntil: 0 },
      ],
      [
        'stopped for a job of several digits',
        { ...stopped, stoppedReason: jobStopReason(71, 'the job is over') },
        { jobId: 71, unclaimedUntil: undefined },
      ],
      [
        'stopped for a reason that only mentions a job',
        { ...stopped, stoppedReason: `by hand, see ${jobStopReason(7, 'the job is over')}` },
        { unclaimedUntil: undefined },
      ],
      ['is never one without a group', { ...task, group: undefined }, { unclaimedUntil: undefined }],
      [
        'is only one of that group',
        { ...task, group: jobTaskGroup(7) },
        { jobId: 7, unclaimedUntil: undefined },
      ],
    ])('%s', (_title, given, expected) => {
      expect(toTaskFacts(given)).toMatchObject({ jobId: undefined, ...expected });
    });
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
    // The task ends by itself before its desired status becomes STOPPED.
    ['DEACTIVATING', 'RUNNING', 'stopping'],
    ['STOPPING', 'RUNNING', 'stopping'],
    ['DEPROVISIONING', 'RUNNING', 'stopping'],
    ['STOPPED', 'STOPPED', 'stopped'],
    ['DELETED', 'STOPPED', 'stopped'],
    [undefined, undefined, 'starting'],
  ])('contain last status %s with desired status %s as %s', (lastStatus, desiredStatus, state) => {
    expect(toTaskFacts({ ...managerTask, lastStatus, desiredStatus })?.state).toBe(state);
  });

  it.each<[string, Task['containers'], number | undefined]>([
    [
      'the manager’s container',
      [
        { name: 'sidecar', exitCode: 1 },
        { name: 'manager', exitCode: 78 },
      ],
      78,
    ],
    ['no other container', [{ name: 'sidecar', exitCode: 1 }], undefined],
    ['none, before there are containers', undefined, undefined],
  ])('contain the exit code of %s', (_title, containers, exitCode) => {
    expect(toTaskFacts({ ...managerTask, containers })).toMatchObject({ exitCode });
  });

  it.each([
    ['0', 0],
    ['123456789012345', 123_456_789_012_345],
    ['1234567890123456', undefined],
    ['x1', undefined],
    ['1x', undefined],
    ['', undefined],
  ])('contain a slot of "%s" as %s', (slot, expected) => {
    expect(toTaskFacts({ ...managerTask, tags: toTags({ slot }) })).toMatchObject({
      slot: expected,
    });
  });

  it('lack malformed tags', () => {
    const tags = toTags({ role: 'manager', fleet: 'default', slot: 'first', demand: 'yesterday', drain: '' });
    expect(toTaskFacts({ taskArn, taskDefinitionArn, tags })).toMatchObject({
      slot: undefined,
      demandAt: undefined,
      drainAt: undefined,
      exitCode: undefined,
    });
  });
});

describe('shared predicates', () => {
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
  ])('compare queues: %s', (_title, other, same) => {
    expect(isSameQueue({ fleet: 'a', runnerTokenParameter: '/t' }, other)).toBe(same);
  });

  it('date a refused token by the start of the last manager that was refused with it', () => {
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
    const withoutTimes = { startedAt: undefined, createdAt: undefined };
    const queue = { fleet: 'default', runnerTokenParameter: undefined };
    expect(tokenRefusedAt([refused({ startedAt: undefined, createdAt: 5 })], queue)).toBe(5);
    expect(tokenRefusedAt([refused({ ...withoutTimes, stoppedAt: 7 })], queue)).toBe(7);
    expect(tokenRefusedAt([refused(withoutTimes)], queue)).toBeUndefined();
    expect(tokenRefusedAt([], { fleet: 'default', runnerTokenParameter: undefined })).toBeUndefined();
  });
});
