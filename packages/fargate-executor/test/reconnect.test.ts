import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExecutorBed, makeExecutorBed, RUNNING_TASK } from './support/executor-bed.ts';

let bed: ExecutorBed;

beforeEach(async () => {
  bed = await makeExecutorBed();
  await bed.prepare();
});

afterEach(() => bed.remove());

const seen = (task: Partial<Task>) =>
  bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ ...RUNNING_TASK, ...task }] });

describe('a stage that lost its connection', () => {
  it('gets another one while its task runs', async () => {
    await writeFile(join(bed.folder, 'deaf'), '');
    expect(await bed.executor.again(42)).toBe(true);
    expect(bed.log.join('\n')).toContain('lost and opened again');
  });

  it('gets none when the connection stands: then its container is gone', async () => {
    expect(await bed.executor.again(42)).toBe(false);
  });

  it.each([
    ['the helper has ended', { containers: [{ name: 'helper', exitCode: 137 }] }],
    ['the build container has ended', { containers: [{ name: 'build', exitCode: 1 }] }],
    ['the task has stopped', { lastStatus: 'STOPPED' }],
  ])('gets none when %s', async (_, task) => {
    await writeFile(join(bed.folder, 'deaf'), '');
    seen(task);
    expect(await bed.executor.again(42)).toBe(false);
  });

  it('gets none once the loss was explained, nor for a job that is not there', async () => {
    seen({ lastStatus: 'STOPPED', stoppedReason: 'Host is on fire' });
    await bed.why(42);
    expect(await bed.executor.again(42)).toBe(false);
    expect(await bed.executor.again(43)).toBe(false);
  });
});

describe('a lost task', () => {
  it('is explained once, however many stages ask', async () => {
    seen({ lastStatus: 'STOPPED', stoppedReason: 'Host is on fire' });
    expect(await bed.why(42)).toBe('system-failure');
    expect(await bed.why(42)).toBe('system-failure');
    expect(bed.log.join('\n').split('Host is on fire')).toHaveLength(2);
  });
});
