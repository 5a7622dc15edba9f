import { beforeAll, describe, expect, it } from 'vitest';
import type { GitLabEvent, Pipeline, PipelineDefinition } from '../src/index.ts';
import { type JobFacts, nextStatus, pipelineStatus } from '../src/pipelines/ordering.ts';
import { call, type Fixture, idOf, put, singleStage, startFixture } from './helpers.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});

function facts(
  name: string,
  stage: string,
  status: JobFacts['status'],
  more: Partial<JobFacts> = {},
): JobFacts {
  return { name, stage, status, allowFailure: false, when: 'on_success', needs: undefined, ...more };
}

describe('what becomes of a created job of the second stage', () => {
  const build = (status: JobFacts['status'], more: Partial<JobFacts> = {}) =>
    facts('build', 'one', status, more);
  it.each<[string, JobFacts, Partial<JobFacts>, string]>([
    ['a job before it runs', build('running'), {}, 'wait'],
    ['a job before it is asked to stop', build('canceling'), {}, 'wait'],
    ['the first stage succeeded', build('success'), {}, 'pending'],
    ['the first stage failed', build('failed'), {}, 'skipped'],
    ['the first stage failed and may', build('failed', { allowFailure: true }), {}, 'pending'],
    ['the first stage was canceled', build('canceled'), {}, 'skipped'],
    ['it is for failures and there is one', build('failed'), { when: 'on_failure' }, 'pending'],
    ['it is for failures and there is none', build('success'), { when: 'on_failure' }, 'skipped'],
    ['it always runs', build('failed'), { when: 'always' }, 'pending'],
    ['it is manual', build('success'), { when: 'manual' }, 'manual'],
    ['a manual job before it was not started', build('manual', { when: 'manual' }), {}, 'pending'],
    ['it needs nothing', build('running'), { needs: [] }, 'pending'],
    ['it needs a job that runs', build('running'), { needs: ['build'] }, 'wait'],
    ['it needs a job that was skipped', build('skipped'), { needs: ['build'] }, 'skipped'],
  ])('when %s', (_title, earlier, more, expected) => {
    const job = facts('test', 'two', 'created', more);
    expect(nextStatus(job, [earlier, job], ['one', 'two'])).toBe(expected);
  });
});

describe('the status of a pipeline', () => {
  it.each<[JobFacts['status'][], string]>([
    [['created', 'created'], 'created'],
    [['pending', 'created'], 'pending'],
    [['running', 'pending'], 'running'],
    [['success', 'pending'], 'running'],
    [['success', 'created'], 'running'],
    [['success', 'canceling'], 'running'],
    [['success', 'success'], 'success'],
    [['success', 'skipped'], 'success'],
    [['failed', 'skipped'], 'failed'],
    [['canceled', 'success'], 'canceled'],
    [['skipped', 'skipped'], 'skipped'],
    [['manual', 'skipped'], 'manual'],
  ])('of %j is %s', (statuses, expected) => {
    const jobs = statuses.map((status, index) => facts(`job-${index}`, 'one', status));
    expect(pipelineStatus(jobs)).toBe(expected);
  });
});

async function take(pipeline: Pipeline): Promise<string | null> {
  const body = { token: fixture.runner.token };
  const response = await call(fixture.gitlab, 'POST', '/jobs/request', { body });
  if (response.status === 204) return null;
  const id = await idOf(response);
  return pipeline.jobs.find((job) => job.id === id)?.name ?? 'of another pipeline';
}

async function end(pipeline: Pipeline, name: string, state: 'success' | 'failed'): Promise<void> {
  const job = pipeline.jobs.findLast((candidate) => candidate.name === name);
  if (!job) throw new Error(`there is no job ${name}`);
  expect((await put(fixture.gitlab, job, { state })).status).toBe(200);
}

const threeStages: PipelineDefinition = {
  stages: ['build', 'test', 'deploy'],
  jobs: [
    { name: 'compile', stage: 'build', script: ['make'] },
    { name: 'lint', stage: 'test', script: ['lint'], needs: [] },
    { name: 'unit', stage: 'test', script: ['test'] },
    { name: 'deploy', stage: 'deploy', script: ['deploy'] },
    { name: 'report', stage: 'deploy', script: ['report'], when: 'on_failure' },
  ],
};

describe('a pipeline', () => {
  it('hands out a stage only after the one before, and what needs nothing at once', async () => {
    const pipeline = await fixture.gitlab.createPipeline(fixture.project, threeStages);
    expect([await take(pipeline), await take(pipeline), await take(pipeline)]).toEqual([
      'compile',
      'lint',
      null,
    ]);
    await end(pipeline, 'compile', 'success');
    expect([await take(pipeline), await take(pipeline)]).toEqual(['unit', null]);
    await end(pipeline, 'unit', 'success');
    expect(await take(pipeline)).toBeNull();
    await end(pipeline, 'lint', 'success');
    expect(await take(pipeline)).toBe('deploy');
    await end(pipeline, 'deploy', 'success');
    expect(await fixture.gitlab.waitForPipeline(pipeline.id)).toMatchObject({ status: 'success' });
    expect(pipeline.jobs.map(({ status }) => status)).toEqual([...Array(4).fill('success'), 'skipped']);
  });

  it('skips what comes after a failure, and goes on when the job that failed is retried', async () => {
    const pipeline = await fixture.gitlab.createPipeline(fixture.project, threeStages);
    await take(pipeline);
    await take(pipeline);
    await end(pipeline, 'lint', 'success');
    await end(pipeline, 'compile', 'failed');
    expect(await take(pipeline)).toBe('report');
    await end(pipeline, 'report', 'success');
    expect(pipeline.status).toBe('failed');
    const failed = pipeline.jobs[0];
    const retried = fixture.gitlab.retryJob(failed?.id ?? 0);
    expect(retried).toMatchObject({ name: 'compile', status: 'pending', retriesCount: 1 });
    expect(pipeline.status).toBe('running');
    expect(await take(pipeline)).toBe('compile');
    await end(pipeline, 'compile', 'success');
    expect(await take(pipeline)).toBe('unit');
    await end(pipeline, 'unit', 'failed');
    expect(() => fixture.gitlab.retryJob(failed?.id ?? 0)).toThrow('was not retried yet');
  });

  it('waits for a manual job to be started', async () => {
    const pipeline = await fixture.gitlab.createPipeline(fixture.project, singleStage({ when: 'manual' }));
    expect(pipeline.status).toBe('manual');
    expect(await take(pipeline)).toBeNull();
    fixture.gitlab.playJob(pipeline.jobs[0]?.id ?? 0);
    expect(await take(pipeline)).toBe('job-0');
    await end(pipeline, 'job-0', 'success');
  });

  it('runs one job of a resource group at a time, oldest first, also across pipelines', async () => {
    const { gitlab, project } = fixture;
    const group = { resourceGroup: 'production' };
    const one = await gitlab.createPipeline(project, singleStage({ ...group }, { ...group }));
    const two = await gitlab.createPipeline(project, singleStage({ ...group }));
    const statuses = () => [...one.jobs, ...two.jobs].map(({ status }) => status);
    expect(statuses()).toEqual(['pending', 'waiting_for_resource', 'waiting_for_resource']);
    expect(two.status).toBe('waiting_for_resource');
    expect(await take(one)).toBe('job-0');
    expect(await take(one)).toBeNull();
    await end(one, 'job-0', 'failed');
    expect(statuses()).toEqual(['failed', 'pending', 'waiting_for_resource']);
    gitlab.cancelJob(one.jobs[1]?.id ?? 0);
    expect(statuses()).toEqual(['failed', 'canceled', 'pending']);
    expect(two.status).toBe('pending');
    expect(await take(two)).toBe('job-0');
    await end(two, 'job-0', 'success');
    expect(two.status).toBe('success');
  });

  it.each<[PipelineDefinition, string]>([
    [{ stages: ['test'], jobs: [] }, 'at least one visible job'],
    [singleStage({ stage: 'nowhere' }), 'stage nowhere does not exist'],
    [singleStage({ needs: ['ghost'] }), 'needs ghost'],
    [singleStage({ script: [] }), "script can't be blank"],
    [singleStage({ name: 'twin' }, { name: 'twin' }), 'same name'],
  ])('is refused when its definition is wrong', async (definition, message) => {
    await expect(fixture.gitlab.createPipeline(fixture.project, definition)).rejects.toThrow(message);
  });
});

describe('observing', () => {
  it('yields every change of a job in order', async () => {
    const { gitlab, project } = fixture;
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of gitlab.events()) {
        if (note(event, seen) === 'success') return;
      }
    })();
    const pipeline = await gitlab.createPipeline(project, singleStage({}));
    await take(pipeline);
    await end(pipeline, 'job-0', 'success');
    await watching;
    expect(seen).toEqual(['created', 'pending', 'running', 'success']);
  });

  it('tells how things stood when a wait ends for lack of time', async () => {
    const pipeline = await fixture.gitlab.createPipeline(fixture.project, singleStage({}));
    const wait = fixture.gitlab.waitForPipeline(pipeline.id, undefined, 1);
    await expect(wait).rejects.toThrow(`pipeline ${pipeline.id} is pending; its jobs: job-0 pending`);
    const job = pipeline.jobs[0]?.id ?? 0;
    await expect(fixture.gitlab.waitForJob(job, undefined, 1)).rejects.toThrow('is pending');
    fixture.gitlab.cancelJob(job);
  });

  function note(event: GitLabEvent, seen: string[]): string | undefined {
    if (event.type !== 'job-status') return undefined;
    seen.push(event.to);
    return event.to;
  }
});
