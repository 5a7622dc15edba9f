import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SESSION_ID } from '../src/job/job-session.ts';
import { type ExecutorBed, makeExecutorBed, RUNNING_TASK, TASK_ARN } from './support/executor-bed.ts';

let bed: ExecutorBed;

beforeEach(async () => {
  bed = await makeExecutorBed();
});

afterEach(() => bed.remove());

const log = () => bed.log.join('\n');
const runTaskCalls = () => bed.ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input);

/** Predefined variables as a job may set them: those of another job, with what would lead a path astray. */
const OVERRIDDEN = {
  CI_JOB_ID: '43/.',
  CI_PROJECT_ID: '4',
  CI_PIPELINE_ID: '8',
  CI_JOB_NAME: 'another job',
  CI_PROJECT_PATH: 'victim/project',
  CI_SERVER_URL: 'https://elsewhere.example.com',
};

describe('a session', () => {
  it('is what a config hook opens: another one each time, for the same job too', async () => {
    const ids = [await bed.open(), await bed.open(), await bed.open({ id: 43 })];
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(SESSION_ID);
  });

  it('is prepared once: a second prepare is refused, and the task of the first one lives', async () => {
    await bed.prepare();
    expect(await bed.prepareOpen()).toBe('system-failure');
    expect(log()).toContain('that it prepared already');
    expect(bed.stopped()).toEqual([]);
    expect(runTaskCalls()).toHaveLength(1);
  });

  it('that nobody opened is not prepared', async () => {
    expect(await bed.prepareOpen()).toBe('system-failure');
    expect(log()).toContain('that its config hook did not open');
    expect(bed.ecs.calls()).toHaveLength(0);
  });

  it('that nobody has is cleaned up without a call', async () => {
    await bed.prepare();
    await bed.cleanup('f'.repeat(32));
    await bed.cleanup('');
    expect(bed.stopped()).toEqual([]);
  });

  it('is over after its cleanup, which stops its own task only', async () => {
    await bed.prepare({ id: 42 });
    const first = bed.session();
    const taskArn = `${TASK_ARN}0`;
    bed.ecs.on(RunTaskCommand).resolves({ tasks: [{ taskArn }] });
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [RUNNING_TASK, { ...RUNNING_TASK, taskArn }] });
    await bed.prepare({ id: 43 });
    await bed.cleanup(first);
    expect(bed.stopped()).toEqual([TASK_ARN]);
    expect(existsSync(join(bed.folder, 'jobs', bed.session(), 'key'))).toBe(true);
  });

  it('is listed with its token until it is over', async () => {
    await bed.prepare();
    expect(bed.executor.openJobs()).toEqual([{ jobId: 42, token: 'job-token-of-42' }]);
    await bed.cleanup();
    expect(bed.executor.openJobs()).toEqual([]);
  });
});

describe('a job that overrides its predefined variables', () => {
  it('is tagged, told of and stored as what GitLab says it is', async () => {
    await bed.open();
    await bed.prepareOpen(OVERRIDDEN);
    const [call] = runTaskCalls();
    expect(call?.tags).toEqual(
      expect.arrayContaining([
        { key: 'serverless-gitlab-runner:job-id', value: '42' },
        { key: 'serverless-gitlab-runner:project-id', value: '3' },
      ]),
    );
    await bed.cleanup();
    for (const { detail } of bed.events) {
      expect(detail).toMatchObject({
        instance: 'https://gitlab.com',
        jobId: 42,
        jobName: 'unit tests',
        pipelineId: 7,
        projectId: 3,
        projectPath: 'acme/shop',
      });
    }
    expect(bed.events).toHaveLength(2);
    const told = JSON.stringify([call, bed.events]);
    for (const value of Object.values(OVERRIDDEN).filter((each) => each.length > 1)) {
      expect(told).not.toContain(value);
    }
  });
});

describe("a project's share of the manager", () => {
  it('is waited for, and left with the job', async () => {
    await bed.remove();
    bed = await makeExecutorBed((fleet) => ({ ...fleet, job: { ...fleet.job, maxConcurrentPerProject: 1 } }));
    await bed.prepare({ id: 42 });
    const first = bed.session();
    const second = bed.prepare({ id: 43 });
    await vi.waitFor(() => expect(log()).toContain('this fleet allows a project 1 jobs in one manager'));
    expect(runTaskCalls()).toHaveLength(1);
    await bed.cleanup(first);
    expect(await second).toBe('success');
    expect(runTaskCalls()).toHaveLength(2);
  });
});
