import {
  type DescribeTasksCommandInput,
  InvalidParameterException,
  type ListTasksCommandInput,
  type RunTaskCommandInput,
  type TagResourceCommandInput,
  type Task,
} from '@aws-sdk/client-ecs';
import type { TaskTag } from '@serverless-gitlab-runner/fleet';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import { createRunTask, type RunTaskAnswer } from './run-task.ts';
import { asOf, hasStopped, type SimulatedTask, statusOf, tagsOf, toSdkTask } from './simulated-task.ts';
import { createTaskStore, type TaskStore } from './task-store.ts';

/** The part of ECS that this project uses. Reads are up to `lagMs` old; each field has its own age. */
export interface EcsApi {
  runTask(input: RunTaskCommandInput): RunTaskAnswer;
  listTasks(input: ListTasksCommandInput): { taskArns: string[]; nextToken: string | undefined };
  describeTasks(input: DescribeTasksCommandInput): {
    tasks: Task[];
    failures: { arn: string; reason: string }[];
  };
  tagResource(input: TagResourceCommandInput): object;
  stopTask(input: { task: string | undefined; reason?: string | undefined }): object;
  listTags(arn: string): { tags: readonly TaskTag[] };
}

export interface SimulatedEcs extends EcsApi, TaskStore {}

export interface EcsDeps {
  clock: Clock;
  random: Random;
  faults: Faults;
  lagMs: number;
}

/** ListTasks returns at most so many tasks a page. */
const PAGE = 100;
/** Percentage of stale reads. */
const STALE_READ_PERCENT = 40;

export function createEcs({ clock, random, faults, lagMs }: EcsDeps): SimulatedEcs {
  const store = createTaskStore(clock);
  const { tasks, listeners, find, isForgotten } = store;
  let lastListHadGap = false;
  // The API reference says that StopTask deletes the tags; the page of DescribeTasks suggests otherwise. Each run picks one.
  const deletesTags = random.chance(50);

  /** The time of the state that a read returns. */
  const readAt = () => {
    const age = lagMs > 0 && random.chance(STALE_READ_PERCENT) ? random.between(0, lagMs) : 0;
    return clock.now() - age;
  };

  return {
    ...store,
    runTask: createRunTask(store, clock, faults),

    listTasks({ desiredStatus = 'RUNNING', startedBy, family, nextToken }) {
      const first = Number(nextToken ?? 0);
      if (first === 0) lastListHadGap = !lastListHadGap && faults.hits(faults.rates().gaps);
      const listed = tasks.filter(
        (task) =>
          (startedBy === undefined || task.startedBy === startedBy) &&
          (family === undefined || task.family === family) &&
          !isForgotten(task) &&
          asOf(task.status, readAt())?.desiredStatus === desiredStatus,
      );
      const gap = lastListHadGap ? listed.findLast(({ role }) => role === 'manager') : undefined;
      const page = listed.slice(first, first + PAGE).filter((task) => task !== gap);
      const next = listed.length > first + PAGE ? String(first + PAGE) : undefined;
      return { taskArns: page.map(({ arn }) => arn), nextToken: next };
    },

    describeTasks({ tasks: keys = [] }) {
      const found: Task[] = [];
      const failures: { arn: string; reason: string }[] = [];
      for (const key of keys) {
        const task = find(key);
        const status = task && asOf(task.status, readAt());
        if (task === undefined || status === undefined) failures.push({ arn: key, reason: 'MISSING' });
        else found.push(toSdkTask(task, status, asOf(task.tags, readAt()) ?? []));
      }
      return { tasks: found, failures };
    },

    tagResource({ resourceArn, tags = [] }) {
      const task = find(resourceArn);
      if (task === undefined || hasStopped(task)) throw refused('The specified task is stopped.');
      if (isStripped(task)) throw denied();
      const given = tags.map(({ key = '', value = '' }) => ({ key, value }));
      const kept = tagsOf(task).filter(({ key }) => !given.some((tag) => tag.key === key));
      task.tags.push({ since: clock.now(), value: [...kept, ...given] });
      for (const listener of listeners) listener.onTagged?.(task);
      return {};
    },

    stopTask({ task: key, reason }) {
      const task = find(key);
      if (task === undefined) throw refused('The referenced task was not found.');
      if (isStripped(task)) throw denied();
      if (statusOf(task).desiredStatus === 'STOPPED') return {};
      store.setStatus(task, { stoppedReason: reason });
      for (const listener of listeners) listener.onStopRequested?.(task);
      if (deletesTags) task.tags.push({ since: clock.now(), value: [] });
      return {};
    },

    listTags(arn) {
      const task = find(arn);
      if (task === undefined) throw refused('The referenced task was not found.');
      return { tags: asOf(task.tags, readAt()) ?? tagsOf(task) };
    },
  };
}

/** Whether StopTask has deleted the tags that allow roles to tag and stop the task. */
export function isStripped(task: SimulatedTask): boolean {
  return task.role !== 'foreign' && tagsOf(task).length === 0;
}

function denied(): Error {
  return Object.assign(new Error('User is not authorized'), {
    name: 'AccessDeniedException',
    $metadata: { httpStatusCode: 400 },
  });
}

function refused(message: string): InvalidParameterException {
  return new InvalidParameterException({ message, $metadata: {} });
}
