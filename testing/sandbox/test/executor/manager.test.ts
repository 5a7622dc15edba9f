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

/** Starts a job whose script waits, and returns it with its task once it runs. */
async function runningJob(script: string[] = ['echo it runs', 'sleep 100']) {
  const job = await bench.startJob({ script });
  await bench.logHas(job, '\nit runs');
  const [task] = await bench.tasksOf(job);
  if (!task?.taskArn) throw new Error('the job has no task');
  return { job, task };
}

describe('jobs', () => {
  it('run at one time, each in a task and an image of its own, and their tasks end with them', async () => {
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
      await bench.noTaskRuns(job);
      expect(await bench.tasksOf(job)).toHaveLength(1);
    }
  });

  it('that fail do so with the exit code of their script, and run their after_script', async () => {
    const job = await bench.runJob({ script: ['exit 255'], afterScript: ['echo "after it"'] });
    // GitLab Runner before 17.9 takes no exit code from a custom executor, and says 1.
    const isOld = /with gitlab-runner 1[0-6]\./.test(job.trace.text);
    expect([job.status, job.failureReason, job.exitCode]).toEqual([
      'failed',
      'script_failure',
      isOld ? 1 : 255,
    ]);
    expect(job.trace.text).toContain('\nafter it\n');
  });

  it('that cannot run here are refused at once, in words, and start no task', async () => {
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

  it('move on to the next capacity provider when one has no room', async () => {
    const reason =
      'Capacity is unavailable at this time. Please try again later or in a different availability zone';
    await bench.turn('PUT', 'capacity', { FARGATE_SPOT: { reason, times: 1 } });
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
      end: async (taskArn: string) => bench.turn('POST', 'interrupt', { task: taskArn, seconds: 1 }),
      says: 'AWS reclaimed the Spot capacity of this job',
    },
    {
      by: 'StopTask',
      end: async (task: string) => {
        await bench.ecs.send(new StopTaskCommand({ cluster: CLUSTER_NAME, task, reason: 'cost control' }));
      },
      says: 'The job task was stopped from outside: cost control',
    },
  ])('by $by fails as the system, and its log says why', async ({ end, says }) => {
    const { job, task } = await runningJob();
    await end(task.taskArn ?? '');
    await bench.gitlab.waitForJob(job.id);
    expect([job.status, job.failureReason]).toEqual(['failed', 'runner_system_failure']);
    expect(job.trace.text).toContain(says);
  });

  it('by the death of its container fails as the system, and its log says why', async () => {
    const { job, task } = await runningJob();
    await runCommand('docker', ['kill', await bench.containerId(task, 'build')]);
    await bench.gitlab.waitForJob(job.id);
    expect([job.status, job.failureReason]).toEqual(['failed', 'runner_system_failure']);
    expect(job.trace.text).toContain('The build container exited with code 137');
    await bench.noTaskRuns(job);
  });
});

describe('a job that is cancelled', () => {
  it('in its script has its script ended and its task stopped', async () => {
    const { job } = await runningJob([
      'trap "echo last words" TERM',
      'echo it runs',
      'while :; do echo .; sleep 0.1; done',
    ]);
    bench.gitlab.cancelJob(job.id);
    await bench.gitlab.waitForJob(job.id);
    expect(job.status).toBe('canceled');
    await bench.noTaskRuns(job);
  });

  it('while its task starts leaves no task behind', async () => {
    // It goes on printing: runners hear of a cancel when they send the log.
    const job = await bench.startJob({ script: ['while :; do echo .; sleep 0.1; done'] });
    await bench.logHas(job, 'Started task');
    bench.gitlab.cancelJob(job.id);
    await bench.gitlab.waitForJob(job.id);
    await bench.noTaskRuns(job);
    expect(await bench.tasksOf(job)).toHaveLength(1);
  });
});

describe('a manager', () => {
  it('lets no secret out: not into its log, nor into what AWS shows of its tasks', async () => {
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
    // Who looks in the wrong places finds nothing.
    expect(shown).toContain('"DEAD_MAN_SECONDS"');
    expect(shown).not.toContain('"open"');
    expect(shown).not.toContain('planted-secret-8271');
    expect(shown).not.toContain(bench.token);
    expect(shown).not.toContain('PRIVATE KEY');
  });

  it('that is drained finishes its job, leaves by itself, and GitLab forgets it', async () => {
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
    const manager = await bench.managerEnds();
    expect(manager.containers?.[0]?.exitCode).toBe(0);
    expect(manager.stopCode).toBe('EssentialContainerExited');
    const managers = [...bench.gitlab.runners.values()].flatMap((runner) => [...runner.managers.keys()]);
    // Runners before 15.7 say no system id: for those GitLab keeps a nameless record.
    expect(managers.filter((systemId) => systemId !== '<legacy>')).toEqual([]);
    await bench.noTaskRuns(job);
    expect(bench.gitlab.protocolErrors).toEqual([]);
  });

  it('whose token GitLab does not know ends at once, and says what to do', async () => {
    const other = await startManagerBench('refused', { token: 'glrt-nobody-knows-this' });
    try {
      const manager = await other.managerEnds();
      expect(manager.containers?.[0]?.exitCode).toBe(78);
    } finally {
      await other.stop();
    }
  });
});
