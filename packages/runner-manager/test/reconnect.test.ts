import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { explainLoss } from '../src/job/end/explain-loss.ts';
import {
  type ExecutorFixture,
  makeExecutorFixture,
  RUNNING_TASK,
  TASK_ARN,
} from './support/executor-fixture.ts';
import { sessionOf } from './support/job.ts';
import { shape } from './support/task-shape.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture();
  await fixture.prepare();
});

afterEach(() => fixture.remove());

const seen = (task: Partial<Task>) =>
  fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ ...RUNNING_TASK, ...task }] });

describe('a stage that lost its connection', () => {
  it('gets a new one while its task runs', async () => {
    await writeFile(join(fixture.folder, 'deaf'), '');
    expect(await fixture.executor.again(fixture.session())).toBe(true);
    expect(fixture.log.join('\n')).toContain('lost and reopened');
  });

  it('gets none when the connection is open: then its container is gone', async () => {
    expect(await fixture.executor.again(fixture.session())).toBe(false);
  });

  it.each([
    ['the helper has ended', { containers: [{ name: 'helper', exitCode: 137 }] }],
    ['the build container has ended', { containers: [{ name: 'build', exitCode: 1 }] }],
    ['the task has stopped', { lastStatus: 'STOPPED' }],
  ])('gets none when %s', async (_, task) => {
    await writeFile(join(fixture.folder, 'deaf'), '');
    seen(task);
    expect(await fixture.executor.again(fixture.session())).toBe(false);
  });

  it('gets none after the loss was explained, nor for a job without a task', async () => {
    seen({ lastStatus: 'STOPPED', stoppedReason: 'Host is on fire' });
    await fixture.why();
    expect(await fixture.executor.again(fixture.session())).toBe(false);
    expect(await fixture.executor.again('f'.repeat(32))).toBe(false);
  });
});

describe('a lost stage whose task keeps running', () => {
  /** What is said of it when the helper answers a heartbeat so. */
  const explained = (heartbeat: () => Promise<{ stdout: string; stderr: string }>) => {
    const capacityProvider = 'FARGATE' as const;
    const task = {
      arn: TASK_ARN,
      capacityProvider,
      shape,
      requestedAt: 0,
      isReady: true,
      lastSeen: RUNNING_TASK,
    };
    const connection = { ask: heartbeat, reopen: vi.fn(), close: vi.fn() };
    return explainLoss(fixture.context, { ...sessionOf(), task, connection }, 0);
  };

  it("is the job's fault if the helper answers: then its agent does not", async () => {
    const { fault, lines } = await explained(async () => ({ stdout: '', stderr: '' }));
    expect({ fault, words: lines.join() }).toMatchObject({
      fault: 'job',
      words: expect.stringContaining('The agent that runs the job'),
    });
  });

  it('is a system failure if the helper does not answer', async () => {
    const { fault, lines } = await explained(() => Promise.reject(new Error('connection lost')));
    expect({ fault, words: lines.join() }).toMatchObject({
      fault: 'system',
      words: expect.stringContaining('was lost; ECS reports it as RUNNING'),
    });
  });
});

describe('a lost task', () => {
  it('is explained once, however many stages fail', async () => {
    seen({ lastStatus: 'STOPPED', stoppedReason: 'Host is on fire' });
    expect(await fixture.why()).toBe('system-failure');
    expect(await fixture.why()).toBe('system-failure');
    expect(fixture.log.join('\n').split('Host is on fire')).toHaveLength(2);
  });
});
