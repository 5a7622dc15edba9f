import { StopTaskCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { jobTaskFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { beforeEach, describe, expect, it } from 'vitest';
import { SweepIncompleteError, sweep } from '../src/index.ts';
import { fleetFacts, now } from './support/fleets.ts';
import { ago, deps, ecs, idle, named, quiet, resetEcs } from './support/sweep.ts';

beforeEach(resetEcs);

describe('a sweep with a failing step', () => {
  it('does the other steps, and fails at its end', async () => {
    ecs.on(TagResourceCommand, { resourceArn: idle(1).taskArn }).rejects(named('ThrottlingException'));
    const { all, events, lines } = deps({ managers: [idle(1), idle(2)] });
    await expect(sweep(all)).rejects.toThrow(SweepIncompleteError);
    expect(events()).toMatchObject([{ name: 'ManagerDraining', managerTaskArn: idle(2).taskArn }]);
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'step failed', failure: 'ThrottlingException' }),
    );
    expect(lines.at(-1)).toMatchObject({ message: 'sweep', drained: 1, failures: 1 });
  });

  it('requests a manager when it is unknown whether the drain was written', async () => {
    ecs.on(TagResourceCommand).rejects(named('TimeoutError'));
    const manager = idle(1, { startedAt: now - 86_500_000, demandAt: ago(1) });
    const { all, events } = deps({ managers: [manager] });
    await expect(sweep(all)).rejects.toThrow(SweepIncompleteError);
    expect(events()).toMatchObject([{ name: 'ManagerRequested', cause: 'demand-during-drain' }]);
  });

  it('decides on no manager without its limits, but stops orphaned job tasks', async () => {
    const orphan = jobTaskFacts({ managerTaskId: taskIdNumber(9), createdAt: ago(300) });
    const owned = jobTaskFacts({ taskId: taskIdNumber(1002), createdAt: ago(300) });
    const { all } = deps({ managers: [idle(1)], jobTasks: [orphan, owned] });
    all.readFleets = async () => Promise.reject(named('ThrottlingException'));
    await expect(sweep(all)).rejects.toThrow('1 steps');
    expect(ecs.commandCalls(TagResourceCommand)).toHaveLength(0);
    expect(ecs.commandCalls(StopTaskCommand).map((call) => call.args[0].input.task)).toEqual([
      orphan.taskArn,
    ]);
  });

  it('continues with the other fleets, and with the defaults, when one is invalid', async () => {
    const { all, events, lines } = deps({ managers: [idle(1, { fleet: 'broken' }), idle(2)] });
    all.readFleets = async (report) => {
      report('broken', 'not JSON');
      const fleets = new Map([
        ['broken', fleetFacts({ name: 'broken', config: undefined })],
        ['default', quiet],
      ]);
      return { fleets, parameters: [] };
    };
    await expect(sweep(all)).rejects.toThrow(SweepIncompleteError);
    expect(events()).toHaveLength(2);
    expect(lines[0]).toMatchObject({ message: 'fleet invalid', fleet: 'broken', problem: 'not JSON' });
  });

  it.each([
    ['ECS cannot be read', { readClusterState: () => Promise.reject(named('ServerException')) }],
    [
      'ended job tasks cannot be read',
      { readEndedTasks: () => Promise.reject(named('ThrottlingException')) },
    ],
    ['the bus refuses', { publish: () => Promise.reject(named('EventsNotPublishedError')) }],
  ])('fails when %s', async (_title, broken) => {
    const { all } = deps({ managers: [idle(1)] });
    await expect(sweep({ ...all, ...broken })).rejects.toThrow(SweepIncompleteError);
  });

  it('drains no manager when it cannot read when the last jobs ended', async () => {
    const { all, events } = deps({ managers: [idle(1)] });
    const broken = { readEndedTasks: () => Promise.reject(named('ThrottlingException')) };
    await expect(sweep({ ...all, ...broken })).rejects.toThrow(SweepIncompleteError);
    expect(ecs.commandCalls(TagResourceCommand)).toHaveLength(0);
    expect(events()).toEqual([]);
  });
});
