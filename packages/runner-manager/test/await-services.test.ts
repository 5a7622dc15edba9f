import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeTasksCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExecutorFixture, makeExecutorFixture, RUNNING_TASK } from './support/executor-fixture.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture();
});

afterEach(() => fixture.remove());

const log = () => fixture.log.join('\n');
const asked = async () => /await-ports .*/.exec(await readFile(join(fixture.folder, 'calls'), 'utf8'))?.[0];

/** ECS reports that a service's container has ended. */
function die(container: string, exitCode: number) {
  const containers = [{ name: container, lastStatus: 'STOPPED', exitCode }];
  fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ ...RUNNING_TASK, containers }] });
}

describe('a job with services', () => {
  it.each([
    { what: 'an image whose port is known', services: [{ name: 'postgres:16' }], asks: '0 5432' },
    {
      what: 'a port of its own',
      services: [{ name: 'x', variables: [{ key: 'HEALTHCHECK_TCP_PORT', value: '81' }] }],
      asks: '0 81',
    },
    { what: 'an unknown port', services: [{ name: 'x' }], asks: '1' },
    {
      what: 'an image that may listen elsewhere',
      services: [{ name: 'postgres', command: ['-p', '99'] }],
      asks: '1',
    },
    { what: 'several', services: [{ name: 'redis' }, { name: 'x' }, { name: 'y' }], asks: '2 6379' },
  ])('waits for $what', async ({ services, asks }) => {
    await writeFile(join(fixture.folder, 'ports'), 'ports: 81 99 5432 6379\n');
    expect(await fixture.prepare({ services })).toBe('success');
    expect(await asked()).toBe(`await-ports 30 ${asks}`);
    expect(log()).toMatch(/Services are ready after \d+\.\d s/);
  });

  it('continues without one that does not listen in time, with a warning and its last lines', async () => {
    expect(await fixture.prepare({ services: [{ name: 'redis:7', alias: 'cache' }] })).toBe('success');
    expect(log()).toContain(
      'WARNING: Service redis:7 (cache) does not listen on port 6379 after 30 s; the job continues without waiting for it.',
    );
    expect(log()).toContain('It has no output.');
    expect(log()).not.toContain('Services are ready');
  });

  it('does not wait for one that ended, and reports it once, with its last lines', async () => {
    await writeFile(join(fixture.folder, 'tail'), 'last words\u001b[31m of \u001b[0msvc-0\u0007\n');
    await writeFile(join(fixture.folder, 'silent'), '');
    die('svc-0', 3);
    expect(await fixture.prepare({ services: [{ name: 'redis:7' }] })).toBe('success');
    await fixture.afterStage('build_script', 1);
    expect(log()).toContain(
      'WARNING: Service redis:7 ended with exit code 3.\u001b[0;m\nIts last lines:\n  last words of svc-0',
    );
    expect(log().split('ended with exit code 3')).toHaveLength(2);
  });

  it('shows the last lines from CloudWatch if its fleet ships them there', async () => {
    Object.assign(fixture.context.taskDefinition, { logGroup: '/jobs', shipsServiceOutput: true });
    await writeFile(join(fixture.folder, 'silent'), '');
    die('svc-0', 3);
    await fixture.prepare({ services: [{ name: 'redis:7' }] });
    expect(log()).toContain('Its last lines:\n  last words of svc-0');
  });

  it('explains why there are no last lines if its program is unknown', async () => {
    await writeFile(join(fixture.folder, 'silent'), '');
    die('svc-0', 3);
    await fixture.prepare({ services: [{ name: 'r.example.com/redis:7' }] });
    expect(log()).toContain(
      'Its output was not kept, because its entry point and command are unknown. Set its `entrypoint:`',
    );
  });

  it('is refused when one ended because another uses its port', async () => {
    await writeFile(join(fixture.folder, 'tail'), 'bind: Address already in use\n');
    await writeFile(join(fixture.folder, 'silent'), '');
    die('svc-1', 1);
    expect(await fixture.prepare({ services: [{ name: 'x' }, { name: 'y' }] })).toBe('build-failure');
    expect(log()).toContain('all containers of a Fargate task share one network');
  });

  it('does not wait if its fleet disables it', async () => {
    await fixture.remove();
    fixture = await makeExecutorFixture((fleet) => ({
      ...fleet,
      job: { ...fleet.job, waitForServicesSeconds: 0 },
    }));
    await fixture.prepare({ services: [{ name: 'redis:7' }] });
    expect(await asked()).toBeUndefined();
  });
});

describe('after a stage', () => {
  const after = (name: string, exitCode: number) => fixture.afterStage(name, exitCode);

  it('the job log reports a service that died meanwhile', async () => {
    await fixture.prepare({ services: [{ name: 'postgres:16' }] });
    die('svc-0', 2);
    expect((await after('step_script', 1)).join()).toContain('Service postgres:16 ended with exit code 2.');
    expect(await after('after_script', 1)).toEqual([]);
  });

  it.each([
    { file: 'vitals', text: 'oom_kill=1', says: 'memory ran out: the task has 1 vCPU, 2 GB' },
    {
      file: 'disk',
      text: 'overlay 20511312 20504000 512 100% /builds',
      says: 'The disk is full: the task has 20 GB',
    },
  ])('a failure is explained once by "$text"', async ({ file, text, says }) => {
    await fixture.prepare();
    await writeFile(join(fixture.folder, file), `${text}\n`);
    expect(await after('build_script', 0)).toEqual([]);
    expect((await after('build_script', 137)).join()).toContain(says);
    expect(await after('after_script', 1)).toEqual([]);
  });

  it('a failure without a known cause adds no line', async () => {
    await fixture.prepare();
    await writeFile(join(fixture.folder, 'vitals'), 'oom_kill=0\n');
    await writeFile(join(fixture.folder, 'disk'), 'overlay 20511312 4000 20507312 1% /builds\n');
    expect(await after('build_script', 1)).toEqual([]);
  });

  it("only the last one adds the task's duration and cost", async () => {
    await fixture.prepare();
    expect(await after('build_script', 0)).toEqual([]);
    expect(await after('cleanup_file_variables', 0)).toEqual([
      expect.stringMatching(/^Job task: 0 s, about \$0\.\d{5} \(1 vCPU, 2 GB, X86_64, FARGATE_SPOT\)$/),
    ]);
    expect(await after('cleanup_file_variables', 0)).toEqual([]);
  });

  it('an unknown job adds no line', async () => {
    expect(await fixture.afterStage('build_script', 1)).toEqual([]);
  });
});
