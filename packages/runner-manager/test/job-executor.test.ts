import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeTasksCommand, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ExecutorFixture, makeExecutorFixture, TASK_ARN } from './support/executor-fixture.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture();
});

afterEach(() => fixture.remove());

const runTaskCalls = () => fixture.ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input);
const log = () => fixture.log.join('\n');

/** RunTask answers only on request. */
function heldRunTask(): { answer: () => void } {
  const held = Promise.withResolvers<void>();
  fixture.ecs.on(RunTaskCommand).callsFake(async () => {
    await held.promise;
    return { tasks: [{ taskArn: TASK_ARN }] };
  });
  return { answer: () => held.resolve() };
}

describe('a job that runs', () => {
  it('is prepared, and its log describes each step', async () => {
    expect(await fixture.prepare({ image: { name: 'alpine:3' } })).toBe('success');
    expect(log()).toContain('Image alpine:3, 1 vCPU, 2 GB, 20 GB storage, X86_64');
    expect(log()).toContain(`Started task ${TASK_ARN} on FARGATE_SPOT`);
    expect(log()).toContain('The build container is ready: user 1000, shell /bin/sh');
    expect(log()).toMatch(/Ready after \d+\.\d s/);
  });

  it('has its task stopped and its files removed when it is cleaned up', async () => {
    await fixture.prepare();
    expect(fixture.stopped()).toEqual([]);
    expect(existsSync(join(fixture.folder, 'jobs', fixture.session(), 'key'))).toBe(true);
    await fixture.cleanup();
    expect(fixture.stopped()).toEqual([TASK_ARN]);
    expect(existsSync(join(fixture.folder, 'jobs', fixture.session()))).toBe(false);
  });

  it('is reported by events, with its cost', async () => {
    await fixture.prepare();
    await fixture.cleanup();
    expect(fixture.events.map(({ name }) => name)).toEqual(['JobTaskStarted', 'JobTaskFinished']);
    expect(fixture.events[1]?.detail).toMatchObject({
      fleet: 'default',
      jobId: 42,
      projectPath: 'acme/shop',
      taskArn: TASK_ARN,
      outcome: 'completed',
      capacityProvider: 'FARGATE_SPOT',
      cpu: 1024,
    });
    // The public address alone is $0.005 an hour, of which a minute at least is billed.
    expect(fixture.events[1]?.detail.estimatedCostUsd).toBeGreaterThan(0.005 / 60);
    expect(fixture.events[1]?.detail.priceRegion).toBe('us-east-1');
  });

  it('reaches its services by their names', async () => {
    await fixture.prepare({ services: [{ name: 'postgres:16', alias: 'db' }] });
    const write = 'echo "127.0.0.1 postgres db build" >> /etc/hosts\n';
    expect(await readFile(join(fixture.folder, 'helper-setup'), 'utf8')).toBe(write);
    expect(await readFile(join(fixture.folder, 'build-setup'), 'utf8')).toMatch(
      /^while read .* < \/etc\/hosts\necho /,
    );
    expect(log()).toContain('Services are reachable as postgres, db');
  });

  it('learns the address of its services if their names cannot be set up', async () => {
    await writeFile(join(fixture.folder, 'read-only'), '');
    await fixture.prepare({ services: [{ name: 'postgres:16', alias: 'db' }] });
    expect(log()).toContain('the names postgres, db do not resolve. Use 127.0.0.1 to reach services.');
  });

  it('has a key pair of its own, of which only the public half leaves the manager', async () => {
    await fixture.prepare();
    const key = await readFile(join(fixture.folder, 'jobs', fixture.session(), 'key'), 'utf8');
    const secret = key.split('\n')[2] ?? '';
    expect(secret.length).toBeGreaterThan(30);
    const sent = JSON.stringify([runTaskCalls(), fixture.events, fixture.log]);
    expect(sent).not.toContain(secret);
    expect(sent).toContain('ssh-ed25519 ');
  });
});

describe('a job that is cancelled', () => {
  it('while RunTask is in flight leaves no task behind', async () => {
    const runTask = heldRunTask();
    const hangUp = new AbortController();
    const prepared = fixture.prepare({}, hangUp.signal);
    await vi.waitFor(() => expect(runTaskCalls()).toHaveLength(1));
    hangUp.abort();
    const cleaned = fixture.cleanup();
    runTask.answer();
    expect(await prepared).toBe('system-failure');
    await cleaned;
    expect(fixture.stopped()).toEqual([TASK_ARN]);
  });

  it('while its images are pulled has its task stopped at once, without a cleanup', async () => {
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: TASK_ARN, lastStatus: 'PENDING' }] });
    const hangUp = new AbortController();
    const prepared = fixture.prepare({}, hangUp.signal);
    await vi.waitFor(() => expect(log()).toContain('Started task'));
    hangUp.abort();
    expect(await prepared).toBe('system-failure');
    expect(fixture.stopped()).toEqual([TASK_ARN]);
  });

  it('before anything was started starts nothing', async () => {
    expect(await fixture.prepare({}, AbortSignal.abort())).toBe('system-failure');
    await fixture.cleanup();
    expect(runTaskCalls()).toHaveLength(0);
    expect(fixture.stopped()).toEqual([]);
  });
});

describe('cleanup', () => {
  it('succeeds, also repeatedly, for a job without a task', async () => {
    await fixture.cleanup();
    await fixture.cleanup();
    expect(fixture.stopped()).toEqual([]);
  });

  it('stops a task once, however often it is called', async () => {
    await fixture.prepare();
    await Promise.all([fixture.cleanup(), fixture.cleanup()]);
    await fixture.cleanup();
    expect(fixture.stopped()).toEqual([TASK_ARN]);
  });

  it('can be retried after a failure', async () => {
    await fixture.prepare();
    fixture.ecs.on(StopTaskCommand).rejectsOnce(new Error('Rate exceeded')).resolves({});
    await expect(fixture.cleanup()).rejects.toThrow('Rate exceeded');
    await fixture.cleanup();
    expect(fixture.stopped()).toEqual([TASK_ARN, TASK_ARN]);
  });
});
