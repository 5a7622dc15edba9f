import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { type FleetConfigInput, fleetConfigSchema, TAG, tagValue } from '@serverless-gitlab-runner/fleet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ExecutorFixture,
  makeExecutorFixture,
  RUNNING_TASK,
  TASK_ARN,
} from './support/executor-fixture.ts';

let fixture: ExecutorFixture;

async function start(
  ahead: FleetConfigInput['ahead'] = {},
  job: FleetConfigInput['job'] = {},
): Promise<void> {
  fixture = await makeExecutorFixture((fleet) =>
    fleetConfigSchema.parse({ ...fleet, ahead: { start: 'next', ...ahead }, job: { ...fleet.job, ...job } }),
  );
  let started = 0;
  fixture.ecs.on(RunTaskCommand).callsFake(() => {
    started += 1;
    return { tasks: [{ taskArn: `${TASK_ARN}${started}` }] };
  });
  fixture.ecs.on(DescribeTasksCommand).callsFake(({ tasks }: { tasks: string[] }) => ({
    tasks: tasks.map((taskArn) => ({ ...RUNNING_TASK, taskArn })),
  }));
  fixture.ecs.on(TagResourceCommand).resolves({});
}

beforeEach(() => start());
afterEach(() => fixture.remove());

const runs = () => fixture.ecs.commandCalls(RunTaskCommand).map(({ args }) => args[0].input);
const aheadRuns = () => runs().filter(({ tags }) => tagValue(tags, 'ahead') !== undefined);
const stops = () => fixture.ecs.commandCalls(StopTaskCommand).map(({ args }) => args[0].input);
const tagged = () => fixture.ecs.commandCalls(TagResourceCommand).map(({ args }) => args[0].input);
const log = () => fixture.log.join('\n');

let lastJob = 100;
/** A job of a pipeline, up to its task. */
async function begin(name: string, pipeline: number, more: object = {}): Promise<number> {
  lastJob += 1;
  const job_info = { name, project_id: 3, pipeline_id: pipeline, project_full_path: 'acme/shop' };
  expect(await fixture.prepare({ id: lastJob, job_info, image: { name: 'alpine:3' }, ...more })).toBe(
    'success',
  );
  return lastJob;
}
async function finish(exitCode = 0): Promise<void> {
  await fixture.afterStage('build_script', exitCode);
  await fixture.cleanup();
}
async function run(name: string, pipeline: number, more: object = {}): Promise<void> {
  await begin(name, pipeline, more);
  await finish();
}
/** A pipeline from which the forecast learns that `test` follows `build`. */
async function learn(more: object = {}): Promise<void> {
  await run('build', 1, more);
  await run('test', 1, more);
}
/** A pipeline from which the forecast learns that `lint` and `unit` follow `build`. */
async function learnStage(): Promise<void> {
  await run('build', 1);
  await begin('lint', 1);
  const lint = fixture.session();
  await run('unit', 1);
  await fixture.cleanup(lint);
}
/** The next pipeline up to the end of `build`'s script; then a task for `test` has been started ahead, and is ready. */
async function buildAgain(pipeline = 2, more: object = {}): Promise<void> {
  await begin('build', pipeline, more);
  await fixture.afterStage('build_script', 0);
  await vi.waitFor(() => expect(aheadRuns().length).toBeGreaterThan(0));
  await vi.waitFor(() => expect(fixture.requests('ready')).toBe(runs().length));
}

describe('a fleet with ahead.start: next', () => {
  it('starts the task of the next stage, and its job claims it', async () => {
    await learn();
    expect(aheadRuns()).toEqual([]);
    await buildAgain();
    await fixture.cleanup();
    const before = runs().length;
    const jobId = await begin('test', 2);
    expect(runs()).toHaveLength(before);
    expect(log()).toMatch(/Claimed task \S+, started \d+\.\d s ago \(image digest unchanged\)/);
    const [ahead] = aheadRuns();
    expect(ahead).toMatchObject({
      group: expect.stringMatching(/^gitlab-ahead-/),
      startedBy: 'fedcba9876543210',
    });
    expect(tagValue(ahead?.tags, 'jobId')).toBeUndefined();
    // 600 s for its start, and 900 s more.
    expect(ahead?.overrides?.containerOverrides?.[0]?.environment).toContainEqual({
      name: 'UNCLAIMED_SECONDS',
      value: '1500',
    });
    expect(tagged()).toEqual([
      { resourceArn: `${TASK_ARN}4`, tags: [{ key: TAG.jobId, value: String(jobId) }] },
    ]);
    const { detail } = fixture.events.findLast(({ name }) => name === 'JobTaskStarted') ?? {};
    expect(detail).toMatchObject({ jobId, taskArn: `${TASK_ARN}4` });
    expect(detail?.secondsAhead).toBeGreaterThan(0);
    await finish();
    expect(stops().at(-1)).toMatchObject({
      task: `${TASK_ARN}4`,
      reason: `GitLab job ${jobId}: the job is over`,
    });
    expect(await readdir(join(fixture.folder, 'jobs'))).toEqual([]);
  });

  it('gives hooks the connection of the claimed task', async () => {
    await learn();
    await buildAgain();
    await fixture.cleanup();
    await begin('test', 2);
    expect(existsSync(join(fixture.folder, 'jobs', fixture.session(), 'ssh_config'))).toBe(true);
  });

  it('lets two jobs at once claim one task only once', async () => {
    await learn();
    await buildAgain();
    await fixture.cleanup();
    const before = runs().length;
    await begin('test', 2);
    await begin('test', 3);
    expect(tagged()).toHaveLength(1);
    expect(runs()).toHaveLength(before + 1);
  });

  it.each([
    ['of another project', { job_info: { name: 'test', project_id: 4, pipeline_id: 2 } }],
    ['of a protected ref', { git_info: { protected: true } }],
    ['of another image', { image: { name: 'alpine:4' } }],
    ['with another size', { variables: { FARGATE_CPU: '2048', FARGATE_MEMORY: '4096' } }],
    ['with a service', { services: [{ name: 'redis:7', command: ['redis-server'], entrypoint: ['sh'] }] }],
  ])('gives the task to no job %s', async (_title, more) => {
    const { variables = {}, ...response } = more as { variables?: Record<string, string> };
    await learn();
    await buildAgain();
    await fixture.cleanup();
    const before = runs().length;
    await fixture.open({
      id: 999,
      job_info: { name: 'test', project_id: 3, pipeline_id: 2 },
      image: { name: 'alpine:3' },
      ...response,
    });
    expect(await fixture.prepareOpen(variables)).toBe('success');
    expect(tagged()).toEqual([]);
    expect(runs()).toHaveLength(before + 1);
  });

  it('runs the job in a task of its own if the tag of its image has moved', async () => {
    await learn();
    await buildAgain();
    await fixture.cleanup();
    fixture.digests.set('alpine:3', 'sha256:2');
    const before = runs().length;
    await begin('test', 2);
    expect(log()).toContain('A task was started ahead, but not claimed: the tag of alpine:3 has moved since');
    expect(runs()).toHaveLength(before + 1);
    await vi.waitFor(() => expect(stops()).toContainEqual(expect.objectContaining({ task: `${TASK_ARN}4` })));
    expect(fixture.events).toContainEqual(expect.objectContaining({ name: 'AheadTaskStopped' }));
  });

  it('runs the job in a task of its own if the claim cannot be written', async () => {
    await learn();
    await buildAgain();
    await fixture.cleanup();
    fixture.ecs.on(TagResourceCommand).rejects(new Error('ECS is down'));
    await begin('test', 2);
    expect(log()).toContain('A task was started ahead, but not claimed: ECS is down');
  });

  it('runs the job in a task of its own if the connection is broken', async () => {
    await learn();
    await buildAgain();
    await fixture.cleanup();
    await writeFile(join(fixture.folder, 'broken-once'), '');
    await begin('test', 2);
    expect(log()).toContain('A task was started ahead, but not claimed');
    expect(tagged()).toEqual([]);
  });

  it('lets the task go at once when its job needs another one', async () => {
    await learn();
    await buildAgain();
    await fixture.cleanup();
    await begin('test', 2, { image: { name: 'alpine:4' } });
    await vi.waitFor(() => expect(stops()).toContainEqual(expect.objectContaining({ task: `${TASK_ARN}4` })));
    expect(fixture.events).toContainEqual(expect.objectContaining({ name: 'AheadTaskStopped' }));
  });

  it('keeps the task when another job, or one of another pipeline, needs another one', async () => {
    await learn();
    await buildAgain();
    await fixture.cleanup();
    await begin('lint', 2, { image: { name: 'alpine:4' } });
    await begin('test', 3, { image: { name: 'alpine:4' } });
    const before = runs().length;
    await begin('test', 2);
    expect(runs()).toHaveLength(before);
    expect(tagged()).toEqual([expect.objectContaining({ resourceArn: `${TASK_ARN}4` })]);
  });

  it('lets jobs of one kind claim the tasks of each other, and keeps the rest for the others', async () => {
    await learnStage();
    await begin('build', 2);
    await fixture.afterStage('build_script', 0);
    await vi.waitFor(() => expect(aheadRuns()).toHaveLength(2));
    await vi.waitFor(() => expect(fixture.requests('ready')).toBe(runs().length));
    await fixture.cleanup();
    const before = runs().length;
    // This job claims the task of the other one, which its own task then waits for.
    await begin('unit', 2);
    await begin('lint', 2, { image: { name: 'alpine:4' } });
    expect(runs()).toHaveLength(before + 1);
    await vi.waitFor(() =>
      expect(stops().filter(({ reason }) => reason?.includes('not claimed'))).toHaveLength(1),
    );
  });

  it('lets the task go at once when the job before it fails', async () => {
    await learn();
    await buildAgain();
    await fixture.afterStage('build_script', 1);
    await fixture.cleanup();
    await vi.waitFor(() =>
      expect(stops()).toContainEqual(
        expect.objectContaining({ task: `${TASK_ARN}4`, reason: 'started ahead, and not claimed by a job' }),
      ),
    );
    await vi.waitFor(async () => expect(await readdir(join(fixture.folder, 'jobs'))).toEqual([]));
  });

  it('lets the task go when it is drained, and starts no other', async () => {
    await learn();
    await buildAgain();
    await fixture.context.ahead?.close('its manager takes no more jobs');
    expect(stops()).toContainEqual(expect.objectContaining({ task: `${TASK_ARN}4` }));
    await fixture.cleanup();
    await begin('build', 3);
    await fixture.afterStage('build_script', 0);
    await fixture.cleanup();
    expect(aheadRuns()).toHaveLength(1);
  });

  it('lets the task go when AWS lacks capacity for a job, and starts none for ten minutes', async () => {
    await learn();
    await buildAgain();
    fixture.context.ahead?.pause('AWS lacks capacity for jobs');
    await vi.waitFor(() => expect(stops()).toContainEqual(expect.objectContaining({ task: `${TASK_ARN}4` })));
    await fixture.cleanup();
    await run('build', 3);
    expect(aheadRuns()).toHaveLength(1);
  });

  it('blames no job for a lack of capacity, and a job that AWS keeps refusing extends no pause', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await fixture.remove();
    await start();
    await learn();
    const pipelines = [2, 3, 4, 5];
    for (const pipeline of pipelines) {
      await begin('build', pipeline);
      await fixture.afterStage('build_script', 0);
      await vi.waitFor(() => expect(aheadRuns()).toHaveLength(pipeline - 1));
      fixture.context.ahead?.pause('AWS lacks capacity for jobs');
      await fixture.cleanup();
      await run('test', pipeline);
      vi.setSystemTime(Date.now() + 599_000);
      fixture.context.ahead?.pause('AWS still lacks capacity for the job');
      vi.setSystemTime(Date.now() + 1001);
    }
    expect(aheadRuns()).toHaveLength(pipelines.length);
    vi.useRealTimers();
  });

  it('does not write the claim of a job that was canceled meanwhile', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    await learn();
    await buildAgain();
    await fixture.cleanup();
    fixture.ecs.on(TagResourceCommand).rejects(new Error('too late'));
    const hangUp = new AbortController();
    vi.spyOn(fixture.digests, 'get').mockImplementation(() => {
      hangUp.abort();
      return 'sha256:1';
    });
    const job_info = { name: 'test', project_id: 3, pipeline_id: 2 };
    expect(await fixture.prepare({ id: 999, job_info, image: { name: 'alpine:3' } }, hangUp.signal)).not.toBe(
      'success',
    );
    await new Promise(setImmediate);
    expect({ tags: tagged(), unhandled: unhandled.mock.calls }).toEqual({ tags: [], unhandled: [] });
    process.off('unhandledRejection', unhandled);
  });

  it('starts one task for each job that follows, also if its job failed to claim it', async () => {
    await learn();
    await buildAgain();
    fixture.digests.set('alpine:3', 'sha256:2');
    await fixture.cleanup();
    await begin('test', 2);
    await fixture.cleanup();
    expect(aheadRuns()).toHaveLength(1);
  });
});

describe('tasks that are never started ahead', () => {
  it.each<[string, FleetConfigInput['ahead'], FleetConfigInput['job'], object, string]>([
    [
      'with an IAM role',
      {},
      { taskRoleArn: 'arn:aws:iam::111122223333:role/deploy' },
      {},
      'its task has an IAM role (ahead.withTaskRole)',
    ],
    [
      'whose registry is not asked',
      {},
      {},
      { image: { name: 'registry.example.com/app:1' } },
      'the tag of registry.example.com/app:1 may move, and its registry is not asked',
    ],
    [
      'with a login of the job',
      {},
      {},
      { credentials: [{ type: 'registry', url: 'docker.io', username: 'u', password: 'p' }] },
      'only the job has the login for alpine:3',
    ],
  ])('%s', async (_title, ahead, job, more, why) => {
    await fixture.remove();
    await start(ahead, job);
    await learn(more);
    await begin('build', 2, more);
    await fixture.afterStage('build_script', 0);
    expect(log()).toContain(`No task is started ahead for this job: ${why}`);
    await fixture.cleanup();
    await begin('test', 2, more);
    expect(aheadRuns()).toEqual([]);
  });

  it('of a fleet that does not ask for it', async () => {
    await fixture.remove();
    await start({ start: 'off' });
    await learn();
    await begin('build', 2);
    await finish();
    expect(aheadRuns()).toEqual([]);
    expect(log()).not.toContain('ahead');
  });

  it('are more than the fleet allows', async () => {
    await fixture.remove();
    await start({ maxVcpu: 0.5 });
    await learn();
    await begin('build', 2);
    await finish();
    expect(aheadRuns()).toEqual([]);
  });
});
