import { ListTasksCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { tagValue, toTags } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { createExpectedJobs, processBatch } from '../src/index.ts';
import { createLauncher, kinds, managerTags, named, queued, requested } from './support/launcher.ts';

describe('a batch of messages', () => {
  it('starts a manager for a queued job, without passing a secret to RunTask', async () => {
    const launcher = createLauncher({ max: 1 });
    const settled = await processBatch([queued(1)], launcher.deps);
    expect(kinds(settled)).toEqual(['manager-launched']);
    const [input] = launcher.ecs.runs();
    expect(input).toEqual({
      cluster: 'cluster',
      taskDefinition: 'serverless-gitlab-runner-manager-default',
      count: 1,
      clientToken: expect.stringMatching(/^[0-9a-f]{64}$/),
      startedBy: 'serverless-gitlab-runner',
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-m'], assignPublicIp: 'DISABLED' },
      },
      overrides: {
        containerOverrides: [
          {
            name: 'manager',
            environment: [
              { name: 'FLEET', value: 'default' },
              { name: 'RUNNER_TOKEN_PARAMETER', value: '/p/fleets/default/runner-token' },
            ],
          },
        ],
      },
      tags: toTags({ role: 'manager', fleet: 'default', slot: '1', demand: '2026-11-23T10:00:00.000Z' }),
    });
    expect(launcher.events('ManagerLaunched')).toMatchObject([
      { fleet: 'default', capacityProvider: 'FARGATE', causeEventId: 'e1' },
    ]);
  });

  it('logs what was decided about each job, in one line', async () => {
    const launcher = createLauncher({ max: 1, concurrentJobs: 1 });
    const lines: Record<string, unknown>[] = [];
    launcher.deps.log = (message, fields) => lines.push({ message, ...fields });
    await processBatch([queued(1), queued(2), requested('r')], launcher.deps);
    expect(lines.filter(({ message }) => message === 'jobs decided')).toEqual([
      {
        message: 'jobs decided',
        jobs: [
          { jobId: 1, fleet: 'default', eventId: 'e1', outcome: 'recheck: manager-launched' },
          { jobId: 2, fleet: 'default', eventId: 'e2', outcome: 'retry: at-maximum' },
        ],
      },
    ]);
    await processBatch([requested('r')], launcher.deps);
    expect(lines.filter(({ message }) => message === 'jobs decided')).toHaveLength(1);
  });

  it('starts one manager for a batch, even when it is delivered again or to other launchers', async () => {
    const launcher = createLauncher({ max: 3 });
    const batch = [queued(1), queued(2), queued(2), queued(3)];
    const readings = await Promise.all([
      processBatch(batch, launcher.deps),
      processBatch(batch, launcher.deps),
    ]);
    await processBatch(batch, launcher.deps);
    expect(launcher.ecs.tasks.size).toBe(1);
    expect(readings.flatMap(kinds).every((kind) => kind.startsWith('manager-'))).toBe(true);
  });

  it('keeps the maximum even when ECS never lists what was started', async () => {
    const launcher = createLauncher({ max: 2, concurrentJobs: 1 });
    launcher.deps.readClusterState = async () => ({ managers: [], jobTasks: [] });
    for (let jobId = 1; jobId < 20; jobId += 1) {
      launcher.advance(7);
      await processBatch([queued(jobId), queued(100 + jobId)], launcher.deps);
    }
    expect(launcher.ecs.tasks.size).toBe(2);
  });

  it('starts a separate manager for a webhook’s runner token, passed by name', async () => {
    const launcher = createLauncher({ max: 2 });
    const runnerTokenParameter = '/p/fleets/default/runner-tokens/abc';
    await processBatch([queued(1), queued(2, { runnerTokenParameter })], launcher.deps);
    const [own, fromWebhook] = launcher.ecs.runs();
    expect(own?.overrides?.containerOverrides?.[0]?.environment?.[1]?.value).toBe(
      '/p/fleets/default/runner-token',
    );
    expect(fromWebhook?.overrides?.containerOverrides?.[0]?.environment?.[1]?.value).toBe(
      runnerTokenParameter,
    );
    expect(tagValue(fromWebhook?.tags, 'runnerTokenParameter')).toBe(runnerTokenParameter);
    expect(launcher.events('ManagerLaunched')[1]).toMatchObject({ runnerTokenParameter });
  });

  it('retries messages of a token when the maximum allows it no manager', async () => {
    const launcher = createLauncher({ max: 1 });
    const runnerTokenParameter = '/p/fleets/default/runner-tokens/abc';
    const settled = await processBatch([queued(1), queued(2, { runnerTokenParameter })], launcher.deps);
    expect(kinds(settled)).toEqual(['manager-launched', 'retry at-maximum']);
    expect(launcher.ecs.tasks.size).toBe(1);
  });

  it('does not fill a slot that another token’s manager has just taken unseen', async () => {
    const launcher = createLauncher({ max: 1 });
    await processBatch([queued(1)], launcher.deps);
    launcher.deps.readClusterState = async () => ({ managers: [], jobTasks: [] });
    const other = queued(2, { runnerTokenParameter: '/p/fleets/default/runner-tokens/abc' });
    expect(kinds(await processBatch([other], launcher.deps))).toEqual(['retry at-maximum']);
    expect(launcher.ecs.tasks.size).toBe(1);
  });

  it('reads ECS once for a batch of several fleets', async () => {
    const launcher = createLauncher();
    await processBatch([queued(1), queued(2, { fleet: 'other' }), requested('again')], launcher.deps);
    expect(launcher.ecs.mock.commandCalls(ListTasksCommand)).toHaveLength(1);
  });

  it('reports a job of the batch that runs already', async () => {
    const launcher = createLauncher();
    launcher.ecs.add({ tags: toTags({ role: 'job', fleet: 'default', jobId: '1' }) });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['job-runs']);
    expect(launcher.ecs.runs()).toHaveLength(0);
  });
});

describe('a job that was assigned to a manager', () => {
  const again = (message: ReturnType<typeof queued>) => ({ ...message, receiveCount: 2 });
  const burst = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => queued(from + index));

  it('is checked again, even when the manager runs already', async () => {
    const launcher = createLauncher();
    const [first] = await processBatch([queued(1)], launcher.deps);
    const [second] = await processBatch([queued(2)], launcher.deps);
    expect(first?.outcome).toEqual({ kind: 'recheck', because: 'manager-launched' });
    expect(second?.outcome).toEqual({ kind: 'recheck', because: 'manager-runs' });
  });

  it('is done at once when the request names no job', async () => {
    const launcher = createLauncher();
    const [first] = await processBatch([requested('once')], launcher.deps);
    expect(first?.outcome).toEqual({ kind: 'done', because: 'manager-launched' });
  });

  it('gets no manager when it started and ended between two polls, together with its manager', async () => {
    const launcher = createLauncher();
    await processBatch([queued(1), queued(2)], launcher.deps);
    const [manager = ''] = launcher.ecs.tasks.keys();
    const job = launcher.ecs.add({ tags: toTags({ role: 'job', fleet: 'default', jobId: '1' }) });
    for (const task of [job, manager]) launcher.ecs.stop(task);
    launcher.advance(10);
    expect(kinds(await processBatch([again(queued(1))], launcher.deps))).toEqual(['job-runs']);
    expect(launcher.ecs.runs()).toHaveLength(1);
    expect(kinds(await processBatch([again(queued(2))], launcher.deps))).toEqual(['manager-launched']);
  });

  it('is not looked up among ended tasks when its message comes for the first time', async () => {
    const launcher = createLauncher();
    await processBatch([queued(1)], launcher.deps);
    const listings = launcher.ecs.mock.commandCalls(ListTasksCommand).map(({ args }) => args[0].input);
    expect(listings).toEqual([expect.objectContaining({ desiredStatus: 'RUNNING' })]);
  });

  it('of two launchers with separate memories gets its manager in the second poll', async () => {
    const launcher = createLauncher({ max: 5 });
    const other = { ...launcher.deps, expectedJobs: createExpectedJobs(launcher.now) };
    await processBatch(burst(1, 50), launcher.deps);
    await processBatch(burst(51, 50), other);
    expect(launcher.ecs.tasks.size).toBe(3);
    launcher.advance(10);
    await processBatch(burst(1, 50), other);
    await processBatch(burst(51, 50), launcher.deps);
    expect(launcher.ecs.tasks.size).toBe(5);
  });

  it('is expected by other batches for about three polls, or until it is done', async () => {
    const launcher = createLauncher({ max: 3, concurrentJobs: 1 });
    await processBatch([queued(1)], launcher.deps);
    const own = { fleet: 'default', runnerTokenParameter: undefined };
    expect(launcher.deps.expectedJobs.of(own)).toEqual([{ jobId: 1, until: launcher.now() + 100_000 }]);
    launcher.ecs.add({ tags: toTags({ role: 'job', fleet: 'default', jobId: '1' }) });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['job-runs']);
    expect(launcher.deps.expectedJobs.of(own)).toEqual([]);
  });

  it('marks its manager once in ten seconds, however many batches rely on it', async () => {
    const launcher = createLauncher({ max: 1 });
    launcher.ecs.add({ tags: managerTags() });
    const marks = () => launcher.ecs.mock.commandCalls(TagResourceCommand).length;
    launcher.advance(60);
    await processBatch([queued(1)], launcher.deps);
    launcher.advance(9.999);
    await processBatch([queued(2)], launcher.deps);
    expect(marks()).toBe(1);
    launcher.advance(0.001);
    await processBatch([queued(3)], launcher.deps);
    expect(marks()).toBe(2);
  });

  it('renews the mark sooner where the idle time is short', async () => {
    const launcher = createLauncher({ max: 1, idleSeconds: 8 });
    launcher.ecs.add({ tags: managerTags() });
    launcher.advance(60);
    await processBatch([queued(1)], launcher.deps);
    launcher.advance(4);
    await processBatch([queued(2)], launcher.deps);
    expect(launcher.ecs.mock.commandCalls(TagResourceCommand)).toHaveLength(2);
  });

  it('leaves a mark that is not valid for a request without a job, since its manager may have been drained', async () => {
    const launcher = createLauncher({ max: 1 });
    const arn = launcher.ecs.add({ tags: managerTags() });
    launcher.advance(60);
    const held = await launcher.deps.readClusterState();
    launcher.deps.readClusterState = async () => held;
    await processBatch([queued(1)], launcher.deps);
    launcher.advance(0.5);
    const drain = new Date(launcher.now()).toISOString();
    launcher.ecs.change(arn, ({ tags = [] }) => ({ tags: [...tags, ...toTags({ drain })] }));
    expect(kinds(await processBatch([requested('crossed')], launcher.deps))).toEqual(['manager-launched']);
  });

  it('is done after waiting for two minutes although a manager has free capacity', async () => {
    const launcher = createLauncher();
    launcher.ecs.add({ tags: managerTags(), startedAt: new Date(launcher.now()) });
    launcher.advance(121);
    const [first] = await processBatch([queued(1)], launcher.deps);
    expect(first?.outcome).toEqual({ kind: 'done', because: 'job-overdue' });
  });
});

describe('a manager that jobs are assigned to', () => {
  it('gets the demand mark first, and is then read again', async () => {
    const launcher = createLauncher();
    const arn = launcher.ecs.add({ tags: managerTags() });
    launcher.advance(60);
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-runs']);
    expect(tagValue(launcher.ecs.tasks.get(arn)?.tags, 'demand')).toBe('2026-11-23T10:01:00.000Z');
    const calls = launcher.ecs.mock.calls().map((call) => call.args[0].constructor.name);
    expect(calls).toEqual([
      'ListTasksCommand',
      'DescribeTasksCommand',
      'TagResourceCommand',
      'DescribeTasksCommand',
    ]);
  });

  it('is replaced by a new one when the reaper has drained it', async () => {
    const launcher = createLauncher({ max: 1 });
    const arn = launcher.ecs.add({ tags: managerTags() });
    const fake = launcher.ecs.mock.on(TagResourceCommand);
    fake.callsFake(() => {
      launcher.ecs.change(arn, () => ({ tags: managerTags({ drain: '2026-11-23T10:00:00.000Z' }) }));
      return {};
    });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
    expect(launcher.ecs.tasks.size).toBe(2);
  });

  it('is replaced by a new one when it has ended', async () => {
    const launcher = createLauncher({ max: 1 });
    launcher.ecs.add({ tags: managerTags() });
    launcher.ecs.mock
      .on(TagResourceCommand)
      .rejects(named('InvalidParameterException', 'The task is stopped'));
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
  });

  it('gets no job when its mark cannot be written, and the message comes back', async () => {
    const launcher = createLauncher({ max: 1 });
    launcher.ecs.add({ tags: managerTags() });
    launcher.ecs.mock.on(TagResourceCommand).rejects(named('ThrottlingException'));
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry throttled']);
    expect(launcher.ecs.runs()).toHaveLength(0);
    expect(launcher.events('ManagerLaunchFailed')).toMatchObject([{ reason: 'throttled', final: false }]);
  });
});

describe('a message that asks for no manager', () => {
  it('is given up when it is unreadable, without affecting the others', async () => {
    const launcher = createLauncher();
    const broken = { ...queued(2), body: 'not JSON' };
    const strange = { ...queued(3), body: queued(3).body.replace('JobQueued', 'JobStolen') };
    const settled = await processBatch([broken, queued(1), strange], launcher.deps);
    expect(kinds(settled).toSorted()).toEqual([
      'give-up unreadable',
      'give-up unreadable',
      'manager-launched',
    ]);
  });

  it('is given up when it names a parameter of another fleet', async () => {
    const launcher = createLauncher();
    const stolen = queued(1, { runnerTokenParameter: '/p/fleets/other/runner-token' });
    const settled = await processBatch([stolen], launcher.deps);
    expect(kinds(settled)).toEqual(['give-up unreadable']);
    expect(launcher.ecs.mock.calls()).toHaveLength(0);
  });

  it('is done when it is another event of this project', async () => {
    const launcher = createLauncher();
    const body = JSON.stringify({
      id: 'x',
      source: 'serverless-gitlab-runner',
      'detail-type': 'ManagerStopped',
      time: '2026-11-23T10:00:00Z',
      detail: {
        version: 1,
        fleet: 'default',
        occurredAt: '2026-11-23T10:00:00Z',
        managerTaskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/1',
        reason: 'drained',
      },
    });
    expect(kinds(await processBatch([{ ...queued(1), body }], launcher.deps))).toEqual(['irrelevant-event']);
  });
});
