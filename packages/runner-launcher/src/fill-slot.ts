import { type ECSClient, RunTaskCommand, type Task } from '@aws-sdk/client-ecs';
import { failureName, type Timing } from '@serverless-gitlab-runner/aws/calls';
import {
  describeManagedTasks,
  type ManagerFacts,
  takesJobs,
  toTaskFacts,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
import type { CapacityMemory } from './capacity-memory.ts';
import { failureOfAnswer, failureOfError } from './launch-failure.ts';
import type { LaunchFailure } from './outcome.ts';
import { type ManagerLaunch, managerTags, runTaskInput } from './run-task-input.ts';

export interface LaunchDeps {
  ecs: ECSClient;
  capacity: CapacityMemory;
  timing: Timing;
  /** Milliseconds since 1970 after which nothing more is started. Default: no deadline. */
  deadlineAt?: number;
}

/** A free slot of the fleet, and all of a launch that is known before RunTask is called. */
export type Slot = Omit<ManagerLaunch, 'cause'> & { parameterPrefix: string; slot: number };

export type SlotResult =
  | { kind: 'launched'; manager: ManagerFacts; capacityProvider: CapacityProvider }
  /** It was filled before: by a concurrent launcher, or by this one before RunTask's answer was lost. */
  | { kind: 'taken'; manager: ManagerFacts }
  | { kind: 'failed'; failure: LaunchFailure };

/** ECS remembers a token for at most twice its task's life. In practice it never remembers more ended managers than this. */
const MAX_GENERATIONS = 20;
/** DescribeTasks may report a task as MISSING for a few seconds after its start. */
const MISSING_FOR_MS = 2500;
/** When RunTask knows the token, it returns the task that it started before, which may be old. */
const OLD_MS = 60_000;

const allRefused: LaunchFailure = {
  reason: 'no-capacity',
  message:
    "None of the fleet's capacity providers had capacity within the last seconds; retrying. Add FARGATE to manager.capacity, or more subnets",
  permanent: false,
};

const tokensExhausted: LaunchFailure = {
  reason: 'unknown',
  message: `ECS still remembers ${MAX_GENERATIONS} ended managers of one slot of the fleet; retrying until it forgets them`,
  permanent: false,
};

export const deadlineExceeded: LaunchFailure = {
  reason: 'unknown',
  message: 'AWS answered too slowly for this batch; retrying',
  permanent: false,
};

/** Whether this batch has no time left to start anything. */
export function isPastDeadline({
  timing,
  deadlineAt = Infinity,
}: Pick<LaunchDeps, 'timing' | 'deadlineAt'>): boolean {
  return timing.now() >= deadlineAt;
}

/** Starts one manager along the fleet's capacity list, unless the slot turns out to be taken. */
export async function fillSlot(slot: Slot, deps: LaunchDeps): Promise<SlotResult> {
  let failure = allRefused;
  const { manager, network } = slot.config;
  for (const capacityProvider of deps.capacity.worthTrying(manager.capacity, network.subnets)) {
    const result = await fillWith(slot, capacityProvider, deps);
    if (result.kind !== 'failed') return result;
    failure = result.failure;
    if (failure.reason !== 'no-capacity') return result;
    deps.capacity.refused(capacityProvider, network.subnets);
  }
  return { kind: 'failed', failure };
}

/** Tries one generation after the other until a token does not stand for a manager that has ended or is leaving. */
async function fillWith(
  slot: Slot,
  capacityProvider: CapacityProvider,
  deps: LaunchDeps,
): Promise<SlotResult> {
  try {
    for (let generation = 0; generation < MAX_GENERATIONS; generation += 1) {
      if (isPastDeadline(deps)) return { kind: 'failed', failure: deadlineExceeded };
      const { parameterPrefix, slot: number, runnerQueue } = slot;
      const cause = { parameterPrefix, fleet: runnerQueue.fleet, slot: number, capacityProvider, generation };
      const answer = await runTask({ ...slot, cause }, deps);
      if ('failure' in answer) return { kind: 'failed', failure: answer.failure };
      const manager = await managerOf(answer, slot, deps);
      if (manager === undefined) continue;
      return manager.demandAt === slot.demandAt
        ? { kind: 'launched', manager, capacityProvider }
        : { kind: 'taken', manager };
    }
    return { kind: 'failed', failure: tokensExhausted };
  } catch (error) {
    return { kind: 'failed', failure: failureOfError(error, capacityProvider) };
  }
}

type RunTaskAnswer =
  /** `task` is undefined when ECS only names the task that it started for this token before. */
  { taskArn: string; task: Task | undefined } | { failure: LaunchFailure };

async function runTask(launch: ManagerLaunch, { ecs }: LaunchDeps): Promise<RunTaskAnswer> {
  try {
    const { tasks = [], failures = [] } = await ecs.send(new RunTaskCommand(runTaskInput(launch)));
    const [task] = tasks;
    if (task?.taskArn !== undefined) return { taskArn: task.taskArn, task };
    return { failure: failureOfAnswer(failures, launch.cause.capacityProvider) };
  } catch (error) {
    const taskArn = conflictingTask(error);
    if (taskArn === undefined) throw error;
    return { taskArn, task: undefined };
  }
}

/** The task that ECS names when the token was used before with other parameters; the demand mark always differs. */
function conflictingTask(error: unknown): string | undefined {
  if (failureName(error) !== 'ConflictException' || !(error instanceof Error)) return undefined;
  const named = 'resourceIds' in error && Array.isArray(error.resourceIds) ? error.resourceIds : [];
  const [first] = [
    ...named,
    ...(error.message.match(/arn:aws[a-z-]*:ecs:[^\s,\]"']+:task\/[^\s,\]"']+/) ?? []),
  ];
  return typeof first === 'string' ? first : undefined;
}

/** The manager of the task that a token stands for, or undefined when it has ended or takes no more jobs. */
async function managerOf(
  { taskArn, task }: { taskArn: string; task: Task | undefined },
  slot: Slot,
  deps: LaunchDeps,
): Promise<ManagerFacts | undefined> {
  // Another launch's demand mark would have been a conflict, so this call has started the task.
  const fresh = task && freshManager(task, slot, deps);
  if (fresh) return fresh;
  const known = await describeManager(taskArn, slot, deps);
  if (known) return takesJobs(known) ? known : undefined;
  // MISSING: another launcher started it seconds ago, or it ended over an hour ago and only its token is remembered.
  await deps.timing.sleep(MISSING_FOR_MS);
  const later = await describeManager(taskArn, slot, deps);
  return later && takesJobs(later) ? later : undefined;
}

async function describeManager(
  taskArn: string,
  { cluster }: Slot,
  { ecs }: LaunchDeps,
): Promise<ManagerFacts | undefined> {
  const { managers } = await describeManagedTasks(ecs, cluster, [taskArn]);
  return managers[0];
}

/** Facts from RunTask's own answer, if RunTask has just started the task. */
function freshManager(task: Task, slot: Slot, { timing }: LaunchDeps): ManagerFacts | undefined {
  const facts = toTaskFacts({ ...task, tags: managerTags(slot.runnerQueue, slot.slot, slot.demandAt) });
  const isOld = timing.now() - (task.createdAt?.getTime() ?? timing.now()) > OLD_MS;
  return facts?.role === 'manager' && takesJobs(facts) && !isOld ? facts : undefined;
}
