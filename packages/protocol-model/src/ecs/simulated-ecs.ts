import {
  ConflictException,
  type DescribeTasksCommandInput,
  type DescribeTasksCommandOutput,
  InvalidParameterException,
  type ListTasksCommandInput,
  type RunTaskCommandInput,
  type TagResourceCommandInput,
  type Task,
} from '@aws-sdk/client-ecs';
import { taskIdNumber } from '@serverless-gitlab-runner/ecs-tasks';
import { MANAGER_FAMILY, type TaskTag, tagValue } from '@serverless-gitlab-runner/fleet';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import {
  asOf,
  hasStopped,
  type SimulatedTask,
  statusOf,
  type TaskStatus,
  tagsOf,
  toSdkTask,
} from './simulated-task.ts';

const HOUR_MS = 3_600_000;
const CLUSTER_TASKS = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/';

/** ECS as this project calls it. What it reads is up to `lagMs` old, each field by its own age. */
export interface EcsApi {
  runTask(input: RunTaskCommandInput): { tasks: Task[]; failures: { reason: string }[] };
  listTasks(input: ListTasksCommandInput): { taskArns: string[] };
  describeTasks(input: DescribeTasksCommandInput): Pick<DescribeTasksCommandOutput, 'tasks' | 'failures'>;
  tagResource(input: TagResourceCommandInput): object;
  stopTask(input: { task: string | undefined }): object;
  listTags(arn: string): { tags: readonly TaskTag[] };
}

/** What runs in the tasks is not ECS's business: listeners are told. */
export interface EcsListener {
  onCreated?(task: SimulatedTask): void;
  onTagged?(task: SimulatedTask): void;
  onStopAsked?(task: SimulatedTask): void;
  onStopped?(task: SimulatedTask): void;
}

export interface SimulatedEcs extends EcsApi {
  readonly tasks: readonly SimulatedTask[];
  readonly listeners: EcsListener[];
  add(
    task: Omit<SimulatedTask, 'arn' | 'id' | 'createdAt' | 'status' | 'tags'>,
    tags: readonly TaskTag[],
  ): SimulatedTask;
  setStatus(task: SimulatedTask, change: Partial<TaskStatus>): void;
}

export interface EcsParts {
  clock: Clock;
  random: Random;
  faults: Faults;
  lagMs: number;
}

export function createEcs({ clock, random, faults, lagMs }: EcsParts): SimulatedEcs {
  const tasks: SimulatedTask[] = [];
  const listeners: EcsListener[] = [];
  const byKey = new Map<string, SimulatedTask>();
  const tokens = new Map<string, { task: SimulatedTask; parameters: string }>();
  let lastListHadGap = false;

  /** The moment a read tells of: often now, else some time ago. */
  const readAt = () => clock.now() - (lagMs > 0 && random.chance(40) ? random.between(0, lagMs) : 0);
  const isForgotten = ({ status }: SimulatedTask) => {
    const stoppedAt = status.at(-1)?.value.stoppedAt;
    return stoppedAt !== undefined && clock.now() - stoppedAt > HOUR_MS;
  };
  const find = (key: string | undefined) => {
    const task = byKey.get(key ?? '');
    return task && !isForgotten(task) ? task : undefined;
  };

  const add: SimulatedEcs['add'] = (start, tags) => {
    const id = taskIdNumber(tasks.length + 1);
    const since = clock.now();
    const status: TaskStatus = { lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING' };
    const task: SimulatedTask = {
      ...start,
      id,
      arn: `${CLUSTER_TASKS}${id}`,
      createdAt: since,
      status: [{ since, value: status }],
      tags: [{ since, value: tags }],
    };
    tasks.push(task);
    byKey.set(task.id, task).set(task.arn, task);
    return task;
  };

  const setStatus: SimulatedEcs['setStatus'] = (task, change) => {
    if (hasStopped(task)) return;
    task.status.push({ since: clock.now(), value: { ...statusOf(task), ...change } });
    if (hasStopped(task)) for (const listener of listeners) listener.onStopped?.(task);
  };

  return {
    tasks,
    listeners,
    add,
    setStatus,

    runTask(input) {
      const { clientToken, capacityProviderStrategy = [], ...rest } = input;
      const parameters = JSON.stringify([rest.tags, rest.overrides]);
      const known = clientToken === undefined ? undefined : tokens.get(clientToken);
      if (known && !isTokenForgotten(known.task, clock.now())) {
        if (known.parameters !== parameters) throw conflict(known.task.arn);
        return { tasks: [toSdkTask(known.task, statusOf(known.task), [])], failures: [] };
      }
      const role = tagValue(input.tags, 'role') === 'manager' ? 'manager' : 'job';
      const [provider] = capacityProviderStrategy;
      const { noCapacity } = faults.rates();
      // Spot runs out more often.
      const rate =
        role === 'job' ? 0 : provider?.capacityProvider === 'FARGATE_SPOT' ? noCapacity * 2 : noCapacity;
      if (faults.hits(rate))
        return { tasks: [], failures: [{ reason: 'Capacity is unavailable at this time.' }] };
      const jobId = Number(tagValue(input.tags, 'jobId'));
      const family = role === 'manager' ? MANAGER_FAMILY : 'serverless-gitlab-runner-job-1';
      const tags = (input.tags ?? []).map(({ key = '', value = '' }) => ({ key, value }));
      const task = add({ role, family, startedBy: input.startedBy, jobId }, tags);
      if (clientToken !== undefined) tokens.set(clientToken, { task, parameters });
      for (const listener of listeners) listener.onCreated?.(task);
      return { tasks: [toSdkTask(task, statusOf(task), [])], failures: [] };
    },

    listTasks({ desiredStatus = 'RUNNING', startedBy, family }) {
      const gap = !lastListHadGap && faults.hits(faults.rates().gaps);
      lastListHadGap = gap;
      const listed = tasks.filter((task) => {
        if (startedBy !== undefined && task.startedBy !== startedBy) return false;
        if (family !== undefined && task.family !== family) return false;
        if (isForgotten(task)) return false;
        return asOf(task.status, readAt())?.desiredStatus === desiredStatus;
      });
      const missing = gap ? listed.filter(({ role }) => role === 'manager').at(-1) : undefined;
      return { taskArns: listed.filter((task) => task !== missing).map(({ arn }) => arn) };
    },

    describeTasks({ tasks: wanted = [] }) {
      const found: Task[] = [];
      const failures: { arn: string; reason: string }[] = [];
      for (const key of wanted) {
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
      const given = tags.map(({ key = '', value = '' }) => ({ key, value }));
      const kept = tagsOf(task).filter(({ key }) => !given.some((tag) => tag.key === key));
      task.tags.push({ since: clock.now(), value: [...kept, ...given] });
      for (const listener of listeners) listener.onTagged?.(task);
      return {};
    },

    stopTask({ task: key }) {
      const task = find(key);
      if (task === undefined) throw refused('The referenced task was not found.');
      if (statusOf(task).desiredStatus === 'RUNNING')
        for (const listener of listeners) listener.onStopAsked?.(task);
      return {};
    },

    listTags(arn) {
      const task = find(arn);
      if (task === undefined) throw refused('The referenced task was not found.');
      return { tags: asOf(task.tags, readAt()) ?? tagsOf(task) };
    },
  };
}

/** ECS keeps a token for a day, or twice the life of its task where that is shorter. */
function isTokenForgotten(task: SimulatedTask, now: number): boolean {
  const { stoppedAt } = statusOf(task);
  if (stoppedAt === undefined) return false;
  return now > task.createdAt + Math.min(24 * HOUR_MS, 2 * (stoppedAt - task.createdAt));
}

function conflict(arn: string): ConflictException {
  const message = 'The provided clientToken is already in use with other parameters.';
  return new ConflictException({ message, resourceIds: [arn], $metadata: {} });
}

function refused(message: string): InvalidParameterException {
  return new InvalidParameterException({ message, $metadata: {} });
}
