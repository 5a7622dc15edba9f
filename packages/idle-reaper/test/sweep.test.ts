import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { jobTaskFacts, managerFacts, taskIdNumber } from '@serverless-gitlab-runner/ecs-tasks';
import { toTags } from '@serverless-gitlab-runner/fleet';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { SweepIncompleteError, type SweepParts, sweep } from '../src/index.ts';
import { fleetFacts, minute, now } from './support/fleets.ts';

const ecs = mockClient(ECSClient);
const ago = (minutes: number) => now - minutes * minute;
const iso = (time: number) => new Date(time).toISOString();
const named = (name: string) => Object.assign(new Error('said so'), { name });

const idle = (number: number, over: Parameters<typeof managerFacts>[0] = {}) =>
  managerFacts({
    taskId: taskIdNumber(number),
    createdAt: ago(60),
    startedAt: ago(59),
    demandAt: ago(20),
    ...over,
  });
const quiet = fleetFacts({}, { manager: { idleSeconds: 600 }, safetyLaunchSeconds: 0 });

function parts(world: {
  managers?: ReturnType<typeof idle>[];
  jobTasks?: ReturnType<typeof jobTaskFacts>[];
}) {
  const published: EventEntry[] = [];
  const lines: Record<string, unknown>[] = [];
  const all: SweepParts = {
    ecs: new ECSClient({ region: 'eu-west-1' }),
    cluster: 'cluster',
    eventBusName: 'bus',
    readWorld: async () => ({ managers: [], jobTasks: [], ...world }),
    readFleets: async () => new Map([['default', quiet]]),
    publish: async (entries) => {
      published.push(...entries);
    },
    now: () => now,
    log: (message, fields) => lines.push({ message, ...fields }),
  };
  const events = () =>
    published.map(({ DetailType, Detail }) => ({ name: DetailType, ...JSON.parse(Detail) }));
  return { all, events, lines };
}

/** What ECS tells of a manager when it is read again after the mark. */
function readAgain({ taskArn }: ReturnType<typeof idle>, demandAt: number) {
  const tags = toTags({ role: 'manager', fleet: 'default', demand: iso(demandAt), drain: iso(now) });
  const startedAt = new Date(ago(59));
  ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn, lastStatus: 'RUNNING', startedAt, tags }] });
}

beforeEach(() => {
  ecs.reset();
  ecs.on(TagResourceCommand).resolves({});
  ecs.on(StopTaskCommand).resolves({});
  ecs.on(DescribeTasksCommand).resolves({ tasks: [] });
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
});

describe('a sweep', () => {
  it('does nothing where there is nothing', async () => {
    const { all, events } = parts({});
    const summary = { managers: 0, jobTasks: 0, drained: 0, stopped: 0, requested: 0, failures: 0 };
    expect(await sweep(all)).toEqual(summary);
    expect(ecs.calls()).toHaveLength(0);
    expect(events()).toEqual([]);
  });

  it('drains an idle manager: writes the mark, then reads the demand again, and never stops it', async () => {
    const manager = idle(1);
    readAgain(manager, ago(20));
    const { all, events } = parts({ managers: [manager] });
    expect(await sweep(all)).toMatchObject({ managers: 1, drained: 1, stopped: 0, requested: 0 });
    expect(ecs.calls().map((call) => call.args[0].constructor.name)).toEqual([
      'TagResourceCommand',
      'DescribeTasksCommand',
    ]);
    expect(ecs.commandCalls(TagResourceCommand)[0]?.args[0].input).toEqual({
      resourceArn: manager.taskArn,
      tags: toTags({ drain: iso(now) }),
    });
    expect(events()).toMatchObject([
      {
        name: 'ManagerDraining',
        managerTaskArn: manager.taskArn,
        reason: 'idle',
        idleSeconds: 1200,
        lastActivityAt: iso(ago(20)),
      },
    ]);
  });

  it('asks for a manager when a job was counted on the one it has just drained', async () => {
    const manager = idle(1);
    readAgain(manager, now - 1);
    const { all, events } = parts({ managers: [manager] });
    expect(await sweep(all)).toMatchObject({ drained: 1, requested: 1 });
    expect(events()[1]).toMatchObject({
      name: 'ManagerRequested',
      cause: 'demand-during-drain',
      requestKey: `${manager.taskArn}@${iso(now - 1)}`,
      managerTaskArn: manager.taskArn,
    });
  });

  it('asks again next time when it died between the mark and the second look', async () => {
    const { all, events } = parts({ managers: [idle(1, { drainAt: ago(1), demandAt: ago(1) - 100 })] });
    await sweep(all);
    expect(events()).toMatchObject([{ name: 'ManagerRequested', cause: 'demand-during-drain' }]);
    expect(ecs.commandCalls(TagResourceCommand)).toHaveLength(0);
  });

  it('takes its own mark for written when the read lags, and an unreadable manager for drained', async () => {
    const { all, events } = parts({ managers: [idle(1)] });
    expect(await sweep(all)).toMatchObject({ drained: 1, requested: 0 });
    expect(events()).toHaveLength(1);
  });

  it('asks once for each fleet and token, whatever was lost', async () => {
    const lost = { state: 'stopped', stoppedAt: ago(2), demandAt: ago(3) } as const;
    const { all, events } = parts({
      managers: [idle(1, lost), idle(2, lost), idle(3, { ...lost, runnerTokenParameter: '/t' })],
    });
    expect(await sweep(all)).toMatchObject({ requested: 2 });
    expect(events()).toMatchObject([
      { cause: 'manager-lost', managerTaskArn: idle(1).taskArn },
      { cause: 'manager-lost', managerTaskArn: idle(3).taskArn, runnerTokenParameter: '/t' },
    ]);
  });

  it('is harmless when the manager ended under it', async () => {
    ecs.on(TagResourceCommand).rejects(named('InvalidParameterException'));
    const { all, events } = parts({ managers: [idle(1)] });
    expect(await sweep(all)).toMatchObject({ drained: 0, failures: 0 });
    expect(events()).toEqual([]);
  });

  it('stops a drained manager that overstays', async () => {
    const manager = idle(1, { drainAt: ago(16) });
    const { all, events } = parts({ managers: [manager] });
    expect(await sweep(all)).toMatchObject({ stopped: 1 });
    expect(ecs.commandCalls(ListTasksCommand)[0]?.args[0].input).toEqual({
      cluster: 'cluster',
      startedBy: manager.taskId,
    });
    expect(ecs.commandCalls(StopTaskCommand)[0]?.args[0].input).toMatchObject({
      task: manager.taskArn,
      cluster: 'cluster',
    });
    expect(events()).toMatchObject([{ name: 'ManagerStopped', reason: 'drain-overdue', seconds: 59 * 60 }]);
  });

  it('does not stop it when ECS has a job task of it after all', async () => {
    ecs.on(ListTasksCommand).resolves({ taskArns: ['one'] });
    const { all } = parts({ managers: [idle(1, { drainAt: ago(16) })] });
    expect(await sweep(all)).toMatchObject({ stopped: 0 });
    expect(ecs.commandCalls(StopTaskCommand)).toHaveLength(0);
  });

  it('stops orphaned and overaged job tasks, and says why', async () => {
    const jobTasks = [
      jobTaskFacts({ taskId: taskIdNumber(1001), managerTaskId: taskIdNumber(9), createdAt: ago(3) }),
      jobTaskFacts({ taskId: taskIdNumber(1002), managerTaskId: taskIdNumber(1), createdAt: ago(241) }),
      jobTaskFacts({ taskId: taskIdNumber(1003), managerTaskId: taskIdNumber(1), createdAt: ago(1) }),
    ];
    const { all } = parts({ managers: [idle(1)], jobTasks });
    expect(await sweep(all)).toMatchObject({ jobTasks: 3, stopped: 2, drained: 0 });
    const stops = ecs.commandCalls(StopTaskCommand).map((call) => call.args[0].input);
    expect(stops.map(({ task }) => task)).toEqual([jobTasks[0]?.taskArn, jobTasks[1]?.taskArn]);
    expect(stops.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('manager has ended'),
      expect.stringContaining('maxLifetimeSeconds'),
    ]);
  });

  it('counts a task that ended before its stop as not stopped', async () => {
    ecs.on(StopTaskCommand).rejects(named('InvalidParameterException'));
    const jobTask = jobTaskFacts({ managerTaskId: taskIdNumber(9), createdAt: ago(3) });
    const { all } = parts({ managers: [idle(1, { drainAt: ago(16) })], jobTasks: [jobTask] });
    expect(await sweep(all)).toMatchObject({ stopped: 0, failures: 0 });
  });

  it('asks for a manager for a fleet that has had none for long', async () => {
    const { all, events } = parts({});
    all.readFleets = async () => new Map([['default', fleetFacts()]]);
    all.now = () => 1000 * 30 * minute;
    expect(await sweep(all)).toMatchObject({ requested: 1 });
    expect(events()).toMatchObject([{ name: 'ManagerRequested', cause: 'safety-launch', fleet: 'default' }]);
  });
});

describe('a sweep of which something fails', () => {
  it('does the rest, and fails at its end', async () => {
    ecs.on(TagResourceCommand, { resourceArn: idle(1).taskArn }).rejects(named('ThrottlingException'));
    const { all, events, lines } = parts({ managers: [idle(1), idle(2)] });
    await expect(sweep(all)).rejects.toThrow(SweepIncompleteError);
    expect(events()).toMatchObject([{ name: 'ManagerDraining', managerTaskArn: idle(2).taskArn }]);
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'step failed', failure: 'ThrottlingException' }),
    );
    expect(lines.at(-1)).toMatchObject({ message: 'sweep', drained: 1, failures: 1 });
  });

  it('asks for a manager when nobody knows whether its drain was written', async () => {
    ecs.on(TagResourceCommand).rejects(named('TimeoutError'));
    const manager = idle(1, { startedAt: now - 86_500_000, demandAt: ago(1) });
    const { all, events } = parts({ managers: [manager] });
    await expect(sweep(all)).rejects.toThrow(SweepIncompleteError);
    expect(events()).toMatchObject([{ name: 'ManagerRequested', cause: 'demand-during-drain' }]);
  });

  it('judges no manager by limits that it could not read, but stops orphans', async () => {
    const orphan = jobTaskFacts({ managerTaskId: taskIdNumber(9), createdAt: ago(300) });
    const owned = jobTaskFacts({ taskId: taskIdNumber(1002), createdAt: ago(300) });
    const { all } = parts({ managers: [idle(1)], jobTasks: [orphan, owned] });
    all.readFleets = async () => Promise.reject(named('ThrottlingException'));
    await expect(sweep(all)).rejects.toThrow('1 steps');
    expect(ecs.commandCalls(TagResourceCommand)).toHaveLength(0);
    expect(ecs.commandCalls(StopTaskCommand).map((call) => call.args[0].input.task)).toEqual([
      orphan.taskArn,
    ]);
  });

  it('goes on with the other fleets, and with the defaults, when one is invalid', async () => {
    const { all, events, lines } = parts({ managers: [idle(1, { fleet: 'broken' }), idle(2)] });
    all.readFleets = async (report) => {
      report('broken', 'not JSON');
      return new Map([
        ['broken', fleetFacts({ name: 'broken', config: undefined })],
        ['default', quiet],
      ]);
    };
    await expect(sweep(all)).rejects.toThrow(SweepIncompleteError);
    expect(events()).toHaveLength(2);
    expect(lines[0]).toMatchObject({ message: 'fleet invalid', fleet: 'broken', problem: 'not JSON' });
  });

  it.each([
    ['ECS cannot be read', { readWorld: () => Promise.reject(named('ServerException')) }],
    ['the bus refuses', { publish: () => Promise.reject(named('EventsNotPublishedError')) }],
  ])('fails when %s', async (_title, broken) => {
    const { all } = parts({ managers: [idle(1)] });
    await expect(sweep({ ...all, ...broken })).rejects.toThrow(SweepIncompleteError);
  });
});
