import { DescribeTaskDefinitionCommand, StopTaskCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { TAG } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_IMAGES } from '../../src/images/demo-images.ts';
import { type ManagerBench, startManagerBench } from './support/manager-bench.ts';
import { CLUSTER_NAME } from './support/start-manager.ts';

let bench: ManagerBench;

beforeAll(async () => {
  bench = await startManagerBench('manager');
}, 120_000);

afterAll(() => bench?.stop(), 60_000);

/** Starts a job whose script waits. Returns the job with its task once it runs. */
async function runningJob(script: string[] = ['echo it runs', 'sleep 100']) {
  const job = await bench.startJob({ script });
  await bench.untilLogged(job, '\nit runs');
  const [task] = await bench.tasksOf(job);
  if (!task?.taskArn) throw new Error('the job has no task');
  return { job, task };
}

describe('jobs', () => {
  it('run concurrently, each in its own task and image, and their tasks end with them', async () => {
    const images = [undefined, DEMO_IMAGES.busybox, DEMO_IMAGES.posixSh];
    const script = [
      'read title < README.md; { read kind < /etc/demo-image; } 2> /dev/null || kind=default; echo "$title, $kind"',
    ];
    const jobs = await Promise.all(
      images.map((image) => bench.runJob({ script, ...(image ? { image } : {}) })),
    );
    for (const [index, kind] of ['default', 'busybox', 'posix-sh'].entries()) {
      const job = jobs[index];
      if (!job) throw new Error('a job is missing');
      expect(job.status, job.trace.text).toBe('success');
      expect(job.trace.text).toContain(`\n# Shop, ${kind}\n`);
      await bench.untilNoTaskRuns(job);
      expect(await bench.tasksOf(job)).toHaveLength(1);
    }
  });

  it('that fail report the exit code of their script and run their after_script', async () => {
    const job = await bench.runJob({ script: ['exit 255'], afterScript: ['echo "after it"'] });
    // GitLab Runner before 17.9 accepts no exit code from a custom executor, and reports 1.
    const isOld = /with gitlab-runner 1[0-6]\./.test(job.trace.text);
    expect([job.status, job.failureReason, job.exitCode]).toEqual([
      'failed',
      'script_failure',
      isOld ? 1 : 255,
    ]);
    expect(job.trace.text).toContain('\nafter it\n');
  });

  it('that are not supported are refused at once with an explanation, and start no task', async () => {
    const job = await bench.runJob({ script: ['true'], services: ['docker:27-dind'] });
    expect([job.status, job.failureReason]).toEqual(['failed', 'script_failure']);
    expect(job.trace.text.split('needs a privileged container')).toHaveLength(2);
    expect(await bench.tasksOf(job)).toEqual([]);
  });

  it('reach their services by name', async () => {
    const httpd = 'mkdir /www && echo "hello $TO" > /www/index.html && exec httpd -f -p 8080 -h /www';
    const job = await bench.runJob({
      image: DEMO_IMAGES.busybox,
      variables: { TO: 'you' },
      services: [
        { name: DEMO_IMAGES.busybox, alias: 'web', entrypoint: ['/bin/sh', '-c'], command: [httpd] },
      ],
      script: ['until wget -q -O - http://web:8080/; do sleep 0.1; done'],
    });
    expect(job.trace.text).toContain('\nhello you\n');
    expect(job.status).toBe('success');
  });

  it('use the next capacity provider when one has no capacity', async () => {
    const reason =
      'Capacity is unavailable at this time. Please try again later or in a different availability zone';
    await bench.setSwitch('PUT', 'capacity', { FARGATE_SPOT: { reason, times: 1 } });
    const job = await bench.runJob({ script: ['true'] });
    expect(job.status).toBe('success');
    expect(job.trace.text).toContain('FARGATE_SPOT currently has no capacity');
    expect((await bench.tasksOf(job)).map((task) => task.capacityProviderName)).toEqual(['FARGATE']);
  });
});

describe('a job whose task is lost', () => {
  it.each([
    {
      by: 'a Spot interruption',
      end: async (taskArn: string) => bench.setSwitch('POST', 'interrupt', { task: taskArn, seconds: 1 }),
      says: 'AWS reclaimed the Spot capacity of this job',
    },
    {
      by: 'StopTask',
      end: async (task: string) => {
        await bench.ecs.send(new StopTaskCommand({ cluster: CLUSTER_NAME, task, reason: 'cost control' }));
      },
      says: 'The job task was stopped from outside: cost control',
    },
  ])('by $by fails as a system failure, and its log states the reason', async ({ end, says }) => {
    const { job, task } = await runningJob();
    await end(task.taskArn ?? '');
    await bench.gitlab.waitForJob(job.id);
    expect([job.status, job.failureReason]).toEqual(['failed', 'runner_system_failure']);
    expect(job.trace.text).toContain(says);
  });

  it('by the end of its container fails as a system failure, and its log states the reason', async () => {
    const { job, task } = await runningJob();
    await runCommand('docker', ['kill', await bench.containerId(task, 'build')]);
    await bench.gitlab.waitForJob(job.id);
    expect([job.status, job.failureReason]).toEqual(['failed', 'runner_system_failure']);
    expect(job.trace.text).toContain('The build container exited with code 137');
    await bench.untilNoTaskRuns(job);
  });
});

describe('a job that is cancelled', () => {
  it('in its script gets its script ended and its task stopped', async () => {
    const { job } = await runningJob([
      'trap "echo last words" TERM',
      'echo it runs',
      'while :; do echo .; sleep 0.1; done',
    ]);
    bench.gitlab.cancelJob(job.id);
    await bench.gitlab.waitForJob(job.id);
    expect(job.status).toBe('canceled');
    await bench.untilNoTaskRuns(job);
  });

  it('while its task starts leaves no task behind', async () => {
    // It keeps printing: runners notice a cancellation when they send the log.
    const job = await bench.startJob({ script: ['while :; do echo .; sleep 0.1; done'] });
    await bench.untilLogged(job, 'Started task');
    bench.gitlab.cancelJob(job.id);
    await bench.gitlab.waitForJob(job.id);
    await bench.untilNoTaskRuns(job);
    expect(await bench.tasksOf(job)).toHaveLength(1);
  });
});

describe('a manager', () => {
  it('exposes no secret, neither in its log nor in what AWS shows of its tasks', async () => {
    const job = await bench.runJob({
      script: ['echo "it is $PLANTED"'],
      variables: { OPEN: 'open', COPY: 'a copy of $PLANTED' },
      services: [{ name: DEMO_IMAGES.busybox, entrypoint: ['/bin/sh', '-c'], command: ['sleep 100'] }],
    });
    expect(job.trace.text).toContain('it is [MASKED]');
    const [task] = await bench.tasksOf(job);
    const definition = await bench.ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: task?.taskDefinitionArn, include: ['TAGS'] }),
    );
    const shown = JSON.stringify([task, definition, await bench.managerLog()]);
    // Proves that the search reads the right data.
    expect(shown).toContain('"DEAD_MAN_SECONDS"');
    expect(shown).not.toContain('"open"');
    expect(shown).not.toContain('planted-secret-8271');
    expect(shown).not.toContain(bench.token);
    expect(shown).not.toContain('PRIVATE KEY');
  });

  it('that is drained finishes its job, exits by itself, and is removed from GitLab', async () => {
    const { job } = await runningJob(['echo it runs', 'sleep 3', 'echo it ends']);
    const { taskArn } = await bench.manager();
    await bench.ecs.send(
      new TagResourceCommand({
        resourceArn: taskArn,
        tags: [{ key: TAG.drain, value: new Date().toISOString() }],
      }),
    );
    await bench.gitlab.waitForJob(job.id);
    expect([job.status, job.trace.text.includes('\nit ends\n')]).toEqual(['success', true]);
    const manager = await bench.untilManagerEnds();
    expect(manager.containers?.[0]?.exitCode).toBe(0);
    expect(manager.stopCode).toBe('EssentialContainerExited');
    const managers = [...bench.gitlab.runners.values()].flatMap((runner) => [...runner.managers.keys()]);
    // Runners before 15.7 send no system id: for those GitLab keeps a record without a name.
    expect(managers.filter((systemId) => systemId !== '<legacy>')).toEqual([]);
    await bench.untilNoTaskRuns(job);
    expect(bench.gitlab.protocolErrors).toEqual([]);
  });

  it('whose token GitLab does not know exits at once with code 78', async () => {
    const other = await startManagerBench('refused', { token: 'glrt-nobody-knows-this' });
    try {
      const manager = await other.untilManagerEnds();
      expect(manager.containers?.[0]?.exitCode).toBe(78);
    } finally {
      await other.stop();
    }
  });
});
