import { DescribeTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTER, containerOf, EmulatorFixture, NETWORK, shell } from './support/emulator-fixture.ts';

const NO_CAPACITY =
  'Capacity is unavailable at this time. Please try again later or in a different availability zone';

let fixture: EmulatorFixture;
let family: string;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('capacity');
  family = await fixture.register([shell('main', 'trap "exit 143" TERM; while :; do sleep 0.05; done')]);
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

async function call(method: string, path: string, body: unknown): Promise<Response> {
  return await fetch(`${fixture.emulator.endpoint}/_fargate/${path}`, { method, body: JSON.stringify(body) });
}

async function runOn(provider: 'FARGATE' | 'FARGATE_SPOT', count = 1) {
  const capacityProviderStrategy = [{ capacityProvider: provider, weight: 1 }];
  const request = { cluster: CLUSTER, taskDefinition: family, networkConfiguration: NETWORK, count };
  return await fixture.ecs.send(new RunTaskCommand({ ...request, capacityProviderStrategy }));
}

describe('the capacity switch', () => {
  it('makes RunTask fail for one provider until it is reset, but not for the other', async () => {
    await call('PUT', 'capacity', { FARGATE_SPOT: { reason: NO_CAPACITY } });
    const refused = await runOn('FARGATE_SPOT', 2);
    expect(refused.tasks).toEqual([]);
    expect(refused.failures).toEqual([{ reason: NO_CAPACITY }, { reason: NO_CAPACITY }]);
    expect((await runOn('FARGATE')).tasks?.[0]?.capacityProviderName).toBe('FARGATE');
    await call('PUT', 'capacity', { FARGATE_SPOT: null });
    expect((await runOn('FARGATE_SPOT')).tasks?.[0]?.capacityProviderName).toBe('FARGATE_SPOT');
  });

  it('can refuse a number of tasks', async () => {
    await call('PUT', 'capacity', { FARGATE: { reason: 'RESOURCE:ENI', times: 1 } });
    const { tasks = [], failures } = await runOn('FARGATE', 2);
    expect(tasks).toHaveLength(1);
    expect(failures).toEqual([{ reason: 'RESOURCE:ENI' }]);
  });

  it('can fail the whole call, as AWS does for some quotas', async () => {
    const reason = "You've reached the limit on the number of vCPUs you can run concurrently";
    await call('PUT', 'capacity', { FARGATE: { reason, times: 1, error: true } });
    await expect(runOn('FARGATE')).rejects.toMatchObject({ name: 'ClientException', message: reason });
    expect((await runOn('FARGATE')).tasks).toHaveLength(1);
  });

  it('answers 400 to invalid requests', async () => {
    expect((await call('PUT', 'capacity', { FARGATE: { times: 1 } })).status).toBe(400);
  });
});

describe('the switch for faults', () => {
  it('throttles the next calls of an action', async () => {
    await call('PUT', 'faults', { throttle: { RunTask: 1 } });
    await expect(runOn('FARGATE')).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect((await runOn('FARGATE')).tasks).toHaveLength(1);
  });

  it('delays reads: a new task is MISSING at first', async () => {
    await call('PUT', 'faults', { lagSeconds: 1 });
    const [task] = (await runOn('FARGATE')).tasks ?? [];
    const input = { cluster: CLUSTER, tasks: [task?.taskArn ?? ''] };
    const early = await fixture.ecs.send(new DescribeTasksCommand(input));
    expect(early.failures).toEqual([{ arn: task?.taskArn, reason: 'MISSING' }]);
    await until('the task', async () => {
      const { tasks = [] } = await fixture.ecs.send(new DescribeTasksCommand(input));
      return tasks.length === 1 ? true : undefined;
    });
    await call('PUT', 'faults', { lagSeconds: 0 });
  });
});

describe('the switch for small disks', () => {
  it('limits each volume of a new task', async () => {
    await call('PUT', 'faults', { diskMib: 4 });
    const script = 'head -c 8000000 /dev/zero > /data/file && exit 1; exit 7';
    const mountPoints = [{ sourceVolume: 'data', containerPath: '/data' }];
    const main = shell('main', script, { mountPoints });
    const task = await fixture.run(await fixture.register([main], { volumes: [{ name: 'data' }] }));
    const ended = await fixture.reach(task, 'STOPPED');
    await call('PUT', 'faults', { diskMib: null });
    expect(containerOf(ended, 'main')?.exitCode).toBe(7);
  });
});

describe('a Spot interruption', () => {
  it('ends a Spot task as AWS does: SIGTERM, then SIGKILL at the deadline', async () => {
    const stubborn = shell('stubborn', 'trap "" TERM; while :; do sleep 0.05; done', { stopTimeout: 120 });
    const polite = shell('polite', 'trap "exit 143" TERM; while :; do sleep 0.05; done');
    const capacityProviderStrategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
    const task = await fixture.run(await fixture.register([stubborn, polite]), { capacityProviderStrategy });
    await fixture.reach(task, 'RUNNING');
    expect((await call('POST', 'interrupt', { task: task.taskArn, seconds: 1 })).status).toBe(200);
    const ended = await fixture.reach(task, 'STOPPED');
    expect(ended).toMatchObject({
      stopCode: 'SpotInterruption',
      stoppedReason: 'Your Spot Task was interrupted.',
    });
    expect(containerOf(ended, 'polite')?.exitCode).toBe(143);
    expect(containerOf(ended, 'stubborn')?.exitCode).toBe(137);
  });

  it('stops dependent containers first, all within its deadline', async () => {
    const helper = shell('helper', 'trap "exit 0" TERM; while :; do sleep 0.05; done', { stopTimeout: 120 });
    const job = shell('job', 'trap "" TERM; while :; do sleep 0.05; done', {
      stopTimeout: 1,
      dependsOn: [{ containerName: 'helper', condition: 'START' }],
    });
    const capacityProviderStrategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
    const task = await fixture.run(await fixture.register([helper, job]), { capacityProviderStrategy });
    await fixture.reach(task, 'RUNNING');
    await call('POST', 'interrupt', { task: task.taskArn, seconds: 30 });
    const ended = await fixture.reach(task, 'STOPPED');
    expect(containerOf(ended, 'job')?.exitCode).toBe(137);
    expect(containerOf(ended, 'helper')?.exitCode).toBe(0);
  });

  it('does not affect an on-demand task', async () => {
    const task = await fixture.run(family);
    expect((await call('POST', 'interrupt', { task: task.taskArn })).status).toBe(404);
  });
});

describe('a capacity provider strategy', () => {
  it('places the base first, then the rest by weight', async () => {
    const capacityProviderStrategy = [
      { capacityProvider: 'FARGATE', base: 1, weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', weight: 3 },
    ];
    const request = { cluster: CLUSTER, taskDefinition: family, networkConfiguration: NETWORK, count: 5 };
    const { tasks = [] } = await fixture.ecs.send(
      new RunTaskCommand({ ...request, capacityProviderStrategy }),
    );
    const providers = tasks.map((task) => task.capacityProviderName);
    expect(providers.filter((provider) => provider === 'FARGATE')).toHaveLength(2);
    expect(providers.filter((provider) => provider === 'FARGATE_SPOT')).toHaveLength(3);
  });
});
