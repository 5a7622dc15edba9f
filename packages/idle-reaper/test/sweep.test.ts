import { ListTasksCommand, StopTaskCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { jobTaskFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { toTags } from '@serverless-gitlab-runner/fleet';
import { beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../src/index.ts';
import { fleetFacts, minute, now } from './support/fleets.ts';
import { ago, deps, ecs, idle, iso, named, readAgain, resetEcs } from './support/sweep.ts';

beforeEach(resetEcs);

describe('a sweep', () => {
  it('does nothing in an empty cluster', async () => {
    const { all, events } = deps({});
    const counts = {
      managers: 0,
      jobTasks: 0,
      drained: 0,
      stopped: 0,
      requested: 0,
      secrets: 0,
      tokens: 0,
      definitions: 0,
    };
    const summary = { ...counts, failures: 0 };
    expect(await sweep(all)).toEqual(summary);
    expect(ecs.calls()).toHaveLength(0);
    expect(events()).toEqual([]);
  });

  it('drains an idle manager: writes the mark, then reads the demand again, and never stops it', async () => {
    const manager = idle(1);
    readAgain(manager, ago(20));
    const { all, events } = deps({ managers: [manager] });
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

  it('drains an idle manager although a task that it started ahead waits for a job', async () => {
    const manager = idle(1);
    readAgain(manager, ago(20));
    const waiting = jobTaskFacts({
      managerTaskId: manager.taskId,
      createdAt: now,
      unclaimedUntil: now + minute,
    });
    const { all } = deps({ managers: [manager], jobTasks: [waiting] });
    expect(await sweep(all)).toMatchObject({ drained: 1, stopped: 0 });
  });

  it('requests a manager when a job was assigned to the one that it has just drained', async () => {
    const manager = idle(1);
    readAgain(manager, now - 1);
    const { all, events } = deps({ managers: [manager] });
    expect(await sweep(all)).toMatchObject({ drained: 1, requested: 1 });
    expect(events()[1]).toMatchObject({
      name: 'ManagerRequested',
      cause: 'demand-during-drain',
      managerTaskArn: manager.taskArn,
    });
  });

  it('requests a manager in the next sweep when it crashed between the mark and the second read', async () => {
    const { all, events } = deps({ managers: [idle(1, { drainAt: ago(1), demandAt: ago(1) - 100 })] });
    await sweep(all);
    expect(events()).toMatchObject([{ name: 'ManagerRequested', cause: 'demand-during-drain' }]);
    expect(ecs.commandCalls(TagResourceCommand)).toHaveLength(0);
  });

  it('trusts its own mark when the read lags, and counts an unreadable manager as drained', async () => {
    const { all, events } = deps({ managers: [idle(1)] });
    expect(await sweep(all)).toMatchObject({ drained: 1, requested: 0 });
    expect(events()).toHaveLength(1);
  });

  it('requests one manager for each fleet and token, however many were lost', async () => {
    const lost = { state: 'stopped', stoppedAt: ago(2), demandAt: ago(3) } as const;
    const { all, events } = deps({
      managers: [idle(1, lost), idle(2, lost), idle(3, { ...lost, runnerTokenParameter: '/t' })],
    });
    expect(await sweep(all)).toMatchObject({ requested: 2 });
    expect(events()).toMatchObject([
      { cause: 'manager-lost', managerTaskArn: idle(1).taskArn },
      { cause: 'manager-lost', managerTaskArn: idle(3).taskArn, runnerTokenParameter: '/t' },
    ]);
  });

  it('does no harm when the manager ends during the sweep', async () => {
    ecs.on(TagResourceCommand).rejects(named('InvalidParameterException'));
    const { all, events } = deps({ managers: [idle(1)] });
    expect(await sweep(all)).toMatchObject({ drained: 0, failures: 0 });
    expect(events()).toEqual([]);
  });

  describe('reads ended job tasks', () => {
    const endedAt = (minutes: number) =>
      jobTaskFacts({ state: 'stopped', createdAt: ago(30), stoppedAt: ago(minutes) });
    const lost = { state: 'stopped', stoppedAt: ago(2), startedAt: ago(50), demandAt: ago(40) } as const;

    it.each([
      ['a manager would be drained', idle(1)],
      ['a drained manager would be stopped', idle(1, { drainAt: ago(16) })],
      ['a lost manager would be replaced', idle(1, lost)],
    ])('where %s', async (_title, manager) => {
      const { all, endedWasRead } = deps({ managers: [manager, idle(2)] });
      await sweep(all);
      expect(endedWasRead()).toBe(1);
    });

    it.each([
      ['with recent demand', idle(1, { demandAt: ago(1) })],
      ['drained recently', idle(1, { drainAt: ago(1) })],
      ['that is starting', idle(1, { state: 'starting', startedAt: undefined, createdAt: ago(1) })],
    ])('not for a manager %s', async (_title, manager) => {
      const { all, endedWasRead } = deps({ managers: [manager] });
      await sweep(all);
      expect(endedWasRead()).toBe(0);
    });

    it('and keeps a manager whose last job ended recently', async () => {
      const { all, events } = deps({ managers: [idle(1)], jobTasks: [endedAt(3)] });
      expect(await sweep(all)).toMatchObject({ drained: 0 });
      expect(events()).toEqual([]);
    });

    it('and requests no manager for one that was idle when it was lost', async () => {
      const { all } = deps({ managers: [idle(1, lost)], jobTasks: [endedAt(29)] });
      expect(await sweep(all)).toMatchObject({ requested: 0 });
    });
  });

  it('stops a drained manager after its grace period', async () => {
    const manager = idle(1, { drainAt: ago(16) });
    const { all, events } = deps({ managers: [manager] });
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

  it('does not stop a drained manager that has a job task after all', async () => {
    ecs.on(ListTasksCommand).resolves({ taskArns: ['one'] });
    const { all } = deps({ managers: [idle(1, { drainAt: ago(16) })] });
    expect(await sweep(all)).toMatchObject({ stopped: 0 });
    expect(ecs.commandCalls(StopTaskCommand)).toHaveLength(0);
  });

  it('stops orphaned and overdue job tasks, with the reason', async () => {
    const jobTasks = [
      jobTaskFacts({ taskId: taskIdNumber(1001), managerTaskId: taskIdNumber(9), createdAt: ago(3) }),
      jobTaskFacts({ taskId: taskIdNumber(1002), managerTaskId: taskIdNumber(1), createdAt: ago(241) }),
      jobTaskFacts({ taskId: taskIdNumber(1003), managerTaskId: taskIdNumber(1), createdAt: ago(1) }),
    ];
    const { all } = deps({ managers: [idle(1)], jobTasks });
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
    const { all } = deps({ managers: [idle(1, { drainAt: ago(16) })], jobTasks: [jobTask] });
    expect(await sweep(all)).toMatchObject({ stopped: 0, failures: 0 });
  });

  it('requests a manager for a fleet that has had none for long', async () => {
    const { all, events } = deps({});
    all.readFleets = async () => ({ fleets: new Map([['default', fleetFacts()]]), parameters: [] });
    all.now = () => 1000 * 30 * minute;
    expect(await sweep(all)).toMatchObject({ requested: 1 });
    expect(events()).toMatchObject([{ name: 'ManagerRequested', cause: 'safety-launch', fleet: 'default' }]);
  });
});
