import { DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { createTaskWatcher, type TaskView, type TaskWatcher } from '../src/task/watch-tasks.ts';

const ecs = mockClient(ECSClient);
const lines: string[] = [];
let watcher: TaskWatcher;

beforeEach(() => {
  vi.useFakeTimers();
  ecs.reset();
  lines.length = 0;
  const client = new ECSClient({ region: 'eu-west-1' });
  watcher = createTaskWatcher({
    ecs: client,
    cluster: 'ci',
    logger: createLogger('INFO', (line) => lines.push(line)),
  });
});

afterEach(() => {
  watcher.stop();
  vi.useRealTimers();
});

const calls = () => ecs.commandCalls(DescribeTasksCommand);
const running = (taskArn: string) => ({ taskArn, lastStatus: 'RUNNING', desiredStatus: 'RUNNING' });

/** Answers with every task asked for, in that status. */
function answer(lastStatus: string) {
  ecs.on(DescribeTasksCommand).callsFake(({ tasks }: { tasks: string[] }) => ({
    tasks: tasks.map((taskArn) => ({ ...running(taskArn), lastStatus })),
  }));
}

describe('a task watcher', () => {
  it('does not poll while it watches nothing', async () => {
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls()).toHaveLength(0);
  });

  it('describes all tasks at once for any number of listeners, at most 100 per call', async () => {
    answer('PENDING');
    for (let index = 0; index < 150; index += 1) watcher.watch(`task-${index}`, () => {});
    watcher.watch('task-0', () => {});
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls().map((call) => call.args[0].input.tasks?.length)).toEqual([100, 50]);
  });

  it('polls every second while a task starts, and every five seconds while all are running', async () => {
    answer('PROVISIONING');
    watcher.watch('task', () => {});
    await vi.advanceTimersByTimeAsync(3000);
    expect(calls()).toHaveLength(3);
    answer('RUNNING');
    await vi.advanceTimersByTimeAsync(1000);
    ecs.resetHistory();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls()).toHaveLength(2);
  });

  it('polls a new task soon, even if the others are steady', async () => {
    answer('RUNNING');
    watcher.watch('old', () => {});
    await vi.advanceTimersByTimeAsync(2000);
    const seen: TaskView[] = [];
    watcher.watch('new', (view) => seen.push(view));
    await vi.advanceTimersByTimeAsync(1000);
    expect(seen).toHaveLength(1);
  });

  it('polls every second only while a listener watches closely', async () => {
    answer('RUNNING');
    watcher.watch('task', () => {});
    const unwatch = watcher.watch('task', () => {}, { closely: true });
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls()).toHaveLength(5);
    unwatch();
    await vi.advanceTimersByTimeAsync(1000);
    ecs.resetHistory();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls()).toHaveLength(2);
  });

  it('does not postpone polls when more and more tasks are new', async () => {
    answer('PENDING');
    for (let index = 0; index < 10; index += 1) {
      watcher.watch(`task-${index}`, () => {});
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(calls().length).toBeGreaterThanOrEqual(4);
  });

  it('notifies no removed listener, and stops polling', async () => {
    answer('PENDING');
    const seen: TaskView[] = [];
    const unwatch = watcher.watch('task', (view) => seen.push(view));
    await vi.advanceTimersByTimeAsync(1000);
    unwatch();
    await vi.advanceTimersByTimeAsync(5000);
    expect(seen).toHaveLength(1);
    expect(calls()).toHaveLength(1);
  });

  it('does not report a task as gone that is missing briefly', async () => {
    ecs.on(DescribeTasksCommand).resolves({ tasks: [], failures: [{ arn: 'task', reason: 'MISSING' }] });
    const seen: TaskView[] = [];
    watcher.watch('task', (view) => seen.push(view));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(seen).toEqual([]);
    ecs.on(DescribeTasksCommand).resolves({ tasks: [running('task')] });
    await vi.advanceTimersByTimeAsync(1000);
    ecs.on(DescribeTasksCommand).resolves({ tasks: [] });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(seen.map(({ kind }) => kind)).not.toContain('gone');
  });

  it('reports a task as gone when it stays missing', async () => {
    ecs.on(DescribeTasksCommand).resolves({ tasks: [] });
    const seen: TaskView[] = [];
    watcher.watch('task', (view) => seen.push(view));
    await vi.advanceTimersByTimeAsync(32_000);
    expect(seen[0]).toEqual({ kind: 'gone' });
  });

  it('ignores a failed call, and continues', async () => {
    ecs
      .on(DescribeTasksCommand)
      .rejectsOnce(new Error('Rate exceeded'))
      .resolves({ tasks: [running('task')] });
    const seen: TaskView[] = [];
    watcher.watch('task', (view) => seen.push(view));
    await vi.advanceTimersByTimeAsync(2000);
    expect(seen.map(({ kind }) => kind)).toEqual(['task']);
    expect(lines.join()).toContain('Rate exceeded');
  });

  it('polls once for concurrent callers, and at most once per second', async () => {
    answer('RUNNING');
    watcher.watch('task', () => {});
    await vi.advanceTimersByTimeAsync(1000);
    ecs.resetHistory();
    const asked = Array.from({ length: 20 }, () => watcher.poll());
    await vi.advanceTimersByTimeAsync(1000);
    await Promise.all(asked);
    expect(calls()).toHaveLength(1);
  });

  it('polls again for a caller that comes during a poll', async () => {
    const held = Promise.withResolvers<void>();
    ecs.on(DescribeTasksCommand).callsFake(async () => {
      await held.promise;
      return { tasks: [running('task')] };
    });
    watcher.watch('task', () => {});
    const first = watcher.poll();
    await vi.advanceTimersByTimeAsync(500);
    const second = watcher.poll();
    held.resolve();
    await vi.advanceTimersByTimeAsync(1500);
    await Promise.all([first, second]);
    expect(calls().length).toBeGreaterThanOrEqual(2);
  });
});
