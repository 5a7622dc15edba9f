import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SESSION_ID } from '../src/job/job-session.ts';
import {
  type ExecutorFixture,
  makeExecutorFixture,
  RUNNING_TASK,
  TASK_ARN,
} from './support/executor-fixture.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture();
});

afterEach(() => fixture.remove());

const log = () => fixture.log.join('\n');
const runTaskCalls = () => fixture.ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input);

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
  it('is new for each config hook, for the same job too', async () => {
    const ids = [await fixture.open(), await fixture.open(), await fixture.open({ id: 43 })];
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(SESSION_ID);
  });

  it('is prepared once: a second prepare is refused, and the task of the first one keeps running', async () => {
    await fixture.prepare();
    expect(await fixture.prepareOpen()).toBe('system-failure');
    expect(log()).toContain('The runner prepares a job twice in one session');
    expect(fixture.stopped()).toEqual([]);
    expect(runTaskCalls()).toHaveLength(1);
  });

  it('that was not opened is not prepared', async () => {
    expect(await fixture.prepareOpen()).toBe('system-failure');
    expect(log()).toContain('without a session from its config hook');
    expect(fixture.ecs.calls()).toHaveLength(0);
  });

  it('that is unknown is cleaned up without a call', async () => {
    await fixture.prepare();
    await fixture.cleanup('f'.repeat(32));
    await fixture.cleanup('');
    expect(fixture.stopped()).toEqual([]);
  });

  it('ends with its cleanup, which stops only its own task', async () => {
    await fixture.prepare({ id: 42 });
    const first = fixture.session();
    const taskArn = `${TASK_ARN}0`;
    fixture.ecs.on(RunTaskCommand).resolves({ tasks: [{ taskArn }] });
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [RUNNING_TASK, { ...RUNNING_TASK, taskArn }] });
    await fixture.prepare({ id: 43 });
    await fixture.cleanup(first);
    expect(fixture.stopped()).toEqual([TASK_ARN]);
    expect(existsSync(join(fixture.folder, 'jobs', fixture.session(), 'key'))).toBe(true);
  });

  it('is listed with its token until it ends', async () => {
    await fixture.prepare();
    expect(fixture.executor.openJobs()).toEqual([{ jobId: 42, token: 'job-token-of-42' }]);
    await fixture.cleanup();
    expect(fixture.executor.openJobs()).toEqual([]);
  });
});

describe('a job that overrides its predefined variables', () => {
  it('is tagged, reported and stored with the identity from GitLab', async () => {
    await fixture.open();
    await fixture.prepareOpen(OVERRIDDEN);
    const [call] = runTaskCalls();
    expect(call?.tags).toEqual(
      expect.arrayContaining([
        { key: 'serverless-gitlab-runner:job-id', value: '42' },
        { key: 'serverless-gitlab-runner:project-id', value: '3' },
      ]),
    );
    await fixture.cleanup();
    for (const { detail } of fixture.events) {
      expect(detail).toMatchObject({
        instance: 'https://gitlab.com',
        jobId: 42,
        jobName: 'unit tests',
        pipelineId: 7,
        projectId: 3,
        projectPath: 'acme/shop',
      });
    }
    expect(fixture.events).toHaveLength(2);
    const told = JSON.stringify([call, fixture.events]);
    for (const value of Object.values(OVERRIDDEN).filter((each) => each.length > 1)) {
      expect(told).not.toContain(value);
    }
  });
});

describe("a project's share of the manager", () => {
  it('is awaited, and released with the job', async () => {
    await fixture.remove();
    fixture = await makeExecutorFixture((fleet) => ({
      ...fleet,
      job: { ...fleet.job, maxConcurrentPerProject: 1 },
    }));
    await fixture.prepare({ id: 42 });
    const first = fixture.session();
    const second = fixture.prepare({ id: 43 });
    await vi.waitFor(() => expect(log()).toContain('this fleet allows 1 jobs per project and manager'));
    expect(runTaskCalls()).toHaveLength(1);
    await fixture.cleanup(first);
    expect(await second).toBe('success');
    expect(runTaskCalls()).toHaveLength(2);
  });
});
