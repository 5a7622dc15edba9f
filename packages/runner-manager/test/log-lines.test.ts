import { DescribeTasksCommand } from '@aws-sdk/client-ecs';
import { LOG_LINES } from '@serverless-gitlab-runner/fleet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

/** The JSON lines of the manager's log; the fixture collects the job's log in the same list. */
const lines = (): Record<string, unknown>[] =>
  fixture.log.flatMap((line) => (line.startsWith('{') ? JSON.parse(line) : []));
const line = (message: string) => lines().find((each) => each.message === message);

const queuedFor = (seconds: unknown) => ({
  job_info: {
    name: 'unit tests',
    project_id: 3,
    pipeline_id: 7,
    project_full_path: 'acme/shop',
    time_in_queue_seconds: seconds,
  },
});

async function runJob(exitCode: number): Promise<void> {
  fixture.executor.scriptStarts(fixture.session());
  await fixture.afterStage('build_script', exitCode);
  await fixture.cleanup();
}

describe('the log of a job', () => {
  it('has the fields that queries and metrics read', async () => {
    const pullStartedAt = new Date('2026-11-23T10:00:00Z');
    const pullStoppedAt = new Date('2026-11-23T10:00:04Z');
    fixture.ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [{ ...RUNNING_TASK, pullStartedAt, pullStoppedAt }] });
    await fixture.prepare(queuedFor(12.5));
    await runJob(0);
    const { 'launch failed': _, event: _published, ...ofJobs } = LOG_LINES['runner-manager'];
    for (const [message, fields] of Object.entries(ofJobs)) {
      // The manager's logger adds fleet and manager to every line (run-manager.test.ts).
      const own = [...fields].filter((field) => field !== 'fleet' && field !== 'manager');
      const { level, service, timestamp, message: said, sampling_rate, ...others } = line(message) ?? {};
      expect({ service, said }).toEqual({ service: 'runner-manager', said: message });
      expect(Object.keys(others).toSorted(), message).toEqual(own.toSorted());
    }
    expect(line('script started')).toMatchObject({ jobId: 42, taskArn: TASK_ARN, pullSeconds: 4 });
  });

  it('measures the wait from the queue to the script', async () => {
    await fixture.prepare(queuedFor(12.5));
    await runJob(0);
    const { queuedToScriptSeconds, startSeconds } = line('script started') ?? {};
    expect(queuedToScriptSeconds).toBeGreaterThanOrEqual(12.5 + Number(startSeconds));
    expect(queuedToScriptSeconds).toBeLessThan(12.5 + 10);
  });

  it.each([[undefined], [null], [-1], ['soon']])('has no wait if GitLab sends %j', async (seconds) => {
    await fixture.prepare(queuedFor(seconds));
    await runJob(0);
    expect(line('script started')).not.toHaveProperty('queuedToScriptSeconds');
  });

  it.each([
    [0, 'succeeded'],
    [3, 'failed'],
  ])('says how a script with exit code %i ended', async (exitCode, end) => {
    await fixture.prepare();
    await runJob(exitCode);
    expect(line('job ended')).toMatchObject({ level: 'INFO', end, taskArn: TASK_ARN });
  });

  it('says that a refused job never had a task', async () => {
    await fixture.prepare({ image: { name: 'not an image' } });
    expect(line('job ended')).toMatchObject({ end: 'refused' });
    expect(line('job ended')).not.toHaveProperty('taskArn');
    expect(line('job task started')).toBeUndefined();
  });

  it('is a warning if the task did not start', async () => {
    fixture.ecs.on(DescribeTasksCommand).resolves({
      tasks: [{ ...RUNNING_TASK, lastStatus: 'STOPPED', stoppedReason: 'CannotPullContainerError' }],
    });
    await fixture.prepare();
    expect(line('job ended')).toMatchObject({ level: 'WARN', end: 'start-failed' });
  });
});

describe('the end of a job', () => {
  it.each([
    ['a stage before the script', [['get_sources', 1]], 'failed'],
    [
      'a stage that the runner tried again',
      [
        ['get_sources', 1],
        ['get_sources', 0],
        ['build_script', 0],
      ],
      'succeeded',
    ],
    [
      'what follows the script',
      [
        ['build_script', 0],
        ['after_script', 1],
        ['upload_artifacts_on_success', 1],
      ],
      'succeeded',
    ],
  ] as const)('of a failure in %s', async (_, stages, end) => {
    await fixture.prepare();
    for (const [name, exitCode] of stages) await fixture.afterStage(name, exitCode);
    await fixture.cleanup();
    expect(line('job ended')).toMatchObject({ end });
  });
});
