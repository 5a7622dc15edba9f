import { DescribeTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { tagValue, toTags } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { processBatch } from '../src/index.ts';
import { createLauncher, kinds, managerTags, named, queued } from './support/launcher.ts';

describe('a slot that was filled before', () => {
  it('is filled again once its manager has ended', async () => {
    const launcher = createLauncher({ max: 1 });
    for (let jobId = 1; jobId <= 4; jobId += 1) {
      expect(kinds(await processBatch([queued(jobId)], launcher.deps))).toEqual(['manager-launched']);
      launcher.advance(60);
      for (const arn of launcher.ecs.tasks.keys()) launcher.ecs.stop(arn);
    }
    expect(launcher.ecs.tasks.size).toBe(4);
  });

  it('is filled again while its manager drains', async () => {
    const launcher = createLauncher({ max: 1 });
    await processBatch([queued(1)], launcher.deps);
    const [arn = ''] = launcher.ecs.tasks.keys();
    launcher.ecs.change(arn, ({ tags = [] }) => ({
      tags: [...tags, ...toTags({ drain: '2026-11-23T10:01:00Z' })],
    }));
    launcher.advance(60);
    expect(kinds(await processBatch([queued(2)], launcher.deps))).toEqual(['manager-launched']);
    expect(launcher.ecs.tasks.size).toBe(2);
  });

  it('is not filled twice when RunTask’s answer was lost', async () => {
    const launcher = createLauncher({ max: 1 });
    launcher.ecs.mock
      .on(RunTaskCommand)
      .callsFakeOnce((input) => {
        launcher.ecs.runTask(input);
        throw named('TimeoutError');
      })
      .callsFake(launcher.ecs.runTask);
    launcher.deps.readClusterState = async () => ({ managers: [], jobTasks: [] });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry unknown']);
    launcher.advance(5);
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-runs']);
    expect(launcher.ecs.tasks.size).toBe(1);
  });

  it('marks its manager when another launcher started it, whose mark was for another job', async () => {
    const launcher = createLauncher({ max: 1 });
    await processBatch([queued(1)], launcher.deps);
    launcher.deps.readClusterState = async () => ({ managers: [], jobTasks: [] });
    launcher.advance(10);
    await processBatch([queued(2)], launcher.deps);
    const [task] = launcher.ecs.tasks.values();
    expect(tagValue(task?.tags, 'demand')).toBe('2026-11-23T10:00:10.000Z');
  });

  it('trusts RunTask about a new task, which ECS may not show yet', async () => {
    const launcher = createLauncher({ max: 1 });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
    expect(launcher.ecs.runs()).toHaveLength(1);
    expect(launcher.ecs.mock.commandCalls(DescribeTasksCommand)).toHaveLength(0);
  });

  it('asks about a task that RunTask names as older than this launch', async () => {
    const launcher = createLauncher({ max: 1 });
    const arn = launcher.ecs.add({ tags: managerTags() });
    const old = { ...launcher.ecs.tasks.get(arn), tags: undefined };
    launcher.ecs.stop(arn);
    launcher.ecs.mock
      .on(RunTaskCommand)
      .resolvesOnce({ tasks: [old] })
      .callsFake(launcher.ecs.runTask);
    launcher.advance(120);
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
    expect(launcher.ecs.mock.commandCalls(DescribeTasksCommand)).toHaveLength(1);
  });

  it('waits for a task that only its token names, and treats one that stays missing as ended', async () => {
    const launcher = createLauncher({ max: 1 });
    await processBatch([queued(1)], launcher.deps);
    const [arn = ''] = launcher.ecs.tasks.keys();
    launcher.ecs.missing.add(arn);
    launcher.deps.readClusterState = async () => ({ managers: [], jobTasks: [] });
    launcher.advance(7200);
    const before = launcher.now();
    expect(kinds(await processBatch([queued(2)], launcher.deps))).toEqual(['manager-launched']);
    expect(launcher.now() - before).toBe(2500);
    expect(launcher.ecs.tasks.size).toBe(2);
  });

  it('is retried later when ECS remembers too many ended managers', async () => {
    const launcher = createLauncher({ max: 1 });
    launcher.ecs.mock.on(RunTaskCommand).callsFake(() => {
      const arn = launcher.ecs.add({ tags: managerTags() });
      launcher.ecs.stop(arn);
      return { tasks: [launcher.ecs.tasks.get(arn)] };
    });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry unknown']);
  });
});

describe('capacity', () => {
  const noCapacity = {
    tasks: [],
    failures: [{ reason: 'Capacity is unavailable at this time. Please try again later' }],
  };
  const providers = (launcher: ReturnType<typeof createLauncher>) =>
    launcher.ecs.runs().map(({ capacityProviderStrategy: [first] = [] }) => first?.capacityProvider);

  it('falls back along the fleet’s list, with a token of its own', async () => {
    const launcher = createLauncher({ capacity: ['FARGATE_SPOT', 'FARGATE'] });
    launcher.ecs.mock.on(RunTaskCommand).resolvesOnce(noCapacity).callsFake(launcher.ecs.runTask);
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
    expect(providers(launcher)).toEqual(['FARGATE_SPOT', 'FARGATE']);
    const [spot, onDemand] = launcher.ecs.runs();
    expect(spot?.clientToken).not.toBe(onDemand?.clientToken);
    expect(launcher.events('ManagerLaunched')).toMatchObject([{ capacityProvider: 'FARGATE' }]);
  });

  it('retries the message when no provider has any, and skips the providers for twenty seconds', async () => {
    const launcher = createLauncher({ capacity: ['FARGATE_SPOT', 'FARGATE'] });
    launcher.ecs.mock.on(RunTaskCommand).resolves(noCapacity);
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry no-capacity']);
    expect(launcher.events('ManagerLaunchFailed')).toMatchObject([
      { reason: 'no-capacity', final: false, causeEventId: 'e1' },
    ]);
    launcher.advance(15);
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry no-capacity']);
    expect(launcher.ecs.runs()).toHaveLength(2);
    launcher.advance(6);
    await processBatch([queued(1)], launcher.deps);
    expect(launcher.ecs.runs()).toHaveLength(4);
  });

  it('uses the managers that started when only some slots could be filled', async () => {
    const launcher = createLauncher({ max: 2, concurrentJobs: 1 });
    launcher.ecs.mock.on(RunTaskCommand).callsFakeOnce(launcher.ecs.runTask).resolves(noCapacity);
    const settled = await processBatch([queued(1), queued(2)], launcher.deps);
    expect(kinds(settled)).toEqual(['manager-launched', 'retry no-capacity']);
  });
});
