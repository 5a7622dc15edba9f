import { ConflictException, type RunTaskCommandInput, type Task } from '@aws-sdk/client-ecs';
import { tagValue } from '@serverless-gitlab-runner/fleet';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import { type SimulatedTask, statusOf, toSdkTask } from './simulated-task.ts';
import type { TaskStore } from './task-store.ts';

export interface RunTaskAnswer {
  tasks: Task[];
  failures: { reason: string }[];
}

const DAY_MS = 86_400_000;
/** Factor by which Spot runs out more often. */
const SPOT_FACTOR = 2;

/** RunTask with idempotency: a client token identifies one task, and its parameters must not change. */
export function createRunTask(
  { add }: TaskStore,
  clock: Clock,
  faults: Faults,
): (input: RunTaskCommandInput) => RunTaskAnswer {
  const tokens = new Map<string, { task: SimulatedTask; parameters: string }>();

  const known = (token: string | undefined) => {
    const started = tokens.get(token ?? '');
    return started && clock.now() <= tokenEndsAt(started.task) ? started : undefined;
  };
  const hasNoCapacity = ({ capacityProviderStrategy = [], tags }: RunTaskCommandInput) => {
    if (tagValue(tags, 'role') !== 'manager') return false;
    const isSpot = capacityProviderStrategy[0]?.capacityProvider === 'FARGATE_SPOT';
    return faults.hits(faults.rates().noCapacity * (isSpot ? SPOT_FACTOR : 1));
  };

  return (input) => {
    const parameters = JSON.stringify([input.tags, input.overrides]);
    const started = known(input.clientToken);
    if (started) {
      if (started.parameters !== parameters) throw conflict(started.task.arn);
      return { tasks: [toSdkTask(started.task, statusOf(started.task), [])], failures: [] };
    }
    if (hasNoCapacity(input))
      return { tasks: [], failures: [{ reason: 'Capacity is unavailable at this time.' }] };
    const task = addTask(add, input);
    if (input.clientToken !== undefined) tokens.set(input.clientToken, { task, parameters });
    return { tasks: [toSdkTask(task, statusOf(task), [])], failures: [] };
  };
}

function addTask(
  add: TaskStore['add'],
  { taskDefinition = '', tags = [], startedBy, group, overrides }: RunTaskCommandInput,
): SimulatedTask {
  const isManager = tagValue(tags, 'role') === 'manager';
  const job = tagValue(tags, 'jobId');
  const jobId = job === undefined ? undefined : Number(job);
  const given = tags.map(({ key = '', value = '' }) => ({ key, value }));
  const role = isManager ? 'manager' : 'job';
  return add({ role, family: taskDefinition, startedBy, group, overrides, jobId }, given);
}

/** When ECS forgets a task's client token: after a day or, if shorter, twice the lifetime of the task. */
export function tokenEndsAt({ createdAt, status }: SimulatedTask): number {
  const { stoppedAt = Number.POSITIVE_INFINITY } = status.at(-1)?.value ?? {};
  return createdAt + Math.min(DAY_MS, 2 * (stoppedAt - createdAt));
}

function conflict(arn: string): ConflictException {
  const message = 'The provided clientToken is already in use with other parameters.';
  return new ConflictException({ message, resourceIds: [arn], $metadata: {} });
}
