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
  /** Milliseconds since 1970 from which nothing more is begun. Default: there is no such moment. */
  deadlineAt?: number;
}

/** A place in the fleet to be filled: a launch without what is found out while launching. */
export type Slot = Omit<ManagerLaunch, 'cause'> & { parameterPrefix: string; slot: number };

export type SlotResult =
  | { kind: 'launched'; manager: ManagerFacts; capacityProvider: CapacityProvider }
  /** Somebody else filled it: a launcher beside this one, or this one before its answer was lost. */
  | { kind: 'taken'; manager: ManagerFacts }
  | { kind: 'failed'; failure: LaunchFailure };

/** ECS remembers a token for twice its task's life at most: more ended managers than these are not remembered in practice. */
const MAX_GENERATIONS = 20;
/** A task just started may be MISSING to DescribeTasks for a moment. */
const MISSING_FOR_MS = 2500;
/** RunTask answers with an older task when it knows the token. */
const OLD_MS = 60_000;

const allRefused: LaunchFailure = {
  reason: 'no-capacity',
  message:
    'No capacity provider of the fleet had capacity a moment ago. It is tried again; add FARGATE to manager.capacity or more subnets',
  permanent: false,
};

const tokensUsedUp: LaunchFailure = {
  reason: 'unknown',
  message: `ECS remembers ${MAX_GENERATIONS} ended managers of one place in the fleet. It is tried again until it forgets them`,
  permanent: false,
};

export const tooLate: LaunchFailure = {
  reason: 'unknown',
  message: 'AWS answered too slowly for this batch. It is tried again',
  permanent: false,
};

/** Whether this batch has no time left to begin anything. */
export function isTooLate({
  timing,
  deadlineAt = Infinity,
}: Pick<LaunchDeps, 'timing' | 'deadlineAt'>): boolean {
  return timing.now() >= deadlineAt;
}

/** Starts one manager along the fleet's capacity list, unless the place proves to be taken. */
export async function fillSlot(slot: Slot, deps: LaunchDeps): Promise<SlotResult> {
  let failure = allRefused;
  const { manager, network } = slot.config;
  for (const capacityProvider of deps.capacity.worthAsking(manager.capacity, network.subnets)) {
    const result = await fillWith(slot, capacityProvider, deps);
    if (result.kind !== 'failed') return result;
    failure = result.failure;
    if (failure.reason !== 'no-capacity') return result;
    deps.capacity.refused(capacityProvider, network.subnets);
  }
  return { kind: 'failed', failure };
}

/** Tries token after token until one names no manager that has ended or leaves. */
async function fillWith(
  slot: Slot,
  capacityProvider: CapacityProvider,
  deps: LaunchDeps,
): Promise<SlotResult> {
  try {
    for (let generation = 0; generation < MAX_GENERATIONS; generation += 1) {
      if (isTooLate(deps)) return { kind: 'failed', failure: tooLate };
      const { parameterPrefix, slot: place, runnerQueue } = slot;
      const cause = { parameterPrefix, fleet: runnerQueue.fleet, slot: place, capacityProvider, generation };
      const answer = await runTask({ ...slot, cause }, deps);
      if ('failure' in answer) return { kind: 'failed', failure: answer.failure };
      const manager = await whoHoldsIt(answer, slot, deps);
      if (manager === undefined) continue;
      return manager.demandAt === slot.demandAt
        ? { kind: 'launched', manager, capacityProvider }
        : { kind: 'taken', manager };
    }
    return { kind: 'failed', failure: tokensUsedUp };
  } catch (error) {
    return { kind: 'failed', failure: failureOfError(error, capacityProvider) };
  }
}

type RunTaskAnswer =
  /** `task` is missing when ECS only names the task that it started for this token before. */
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

/** The token was used with other parameters (another demand mark at least): ECS names its task. */
function conflictingTask(error: unknown): string | undefined {
  if (failureName(error) !== 'ConflictException' || !(error instanceof Error)) return undefined;
  const named = 'resourceIds' in error && Array.isArray(error.resourceIds) ? error.resourceIds : [];
  const [first] = [
    ...named,
    ...(error.message.match(/arn:aws[a-z-]*:ecs:[^\s,\]"']+:task\/[^\s,\]"']+/) ?? []),
  ];
  return typeof first === 'string' ? first : undefined;
}

/** The manager of the task that a token stands for, or undefined when that one has ended or takes no more jobs. */
async function whoHoldsIt(
  { taskArn, task }: { taskArn: string; task: Task | undefined },
  slot: Slot,
  deps: LaunchDeps,
): Promise<ManagerFacts | undefined> {
  const fresh = task === undefined ? undefined : freshManager(task, slot, deps);
  const known = await lookAt(taskArn, slot, deps, fresh);
  if (known) return takesJobs(known) ? known : undefined;
  if (fresh) return fresh;
  // Missing: started a moment ago by somebody else, or gone for an hour and remembered by its token only.
  await deps.timing.sleep(MISSING_FOR_MS);
  const later = await lookAt(taskArn, slot, deps, undefined);
  return later && takesJobs(later) ? later : undefined;
}

async function lookAt(
  taskArn: string,
  { cluster }: Slot,
  { ecs }: LaunchDeps,
  fresh: ManagerFacts | undefined,
): Promise<ManagerFacts | undefined> {
  try {
    const { managers } = await describeManagedTasks(ecs, cluster, [taskArn]);
    return managers[0];
  } catch (error) {
    // The manager is started, whether it can be looked at or not.
    if (fresh) return fresh;
    throw error;
  }
}

/** What RunTask itself tells about the task, when it has just started it. */
function freshManager(task: Task, slot: Slot, { timing }: LaunchDeps): ManagerFacts | undefined {
  const facts = toTaskFacts({ ...task, tags: managerTags(slot.runnerQueue, slot.slot, slot.demandAt) });
  const isOld = timing.now() - (task.createdAt?.getTime() ?? timing.now()) > OLD_MS;
  return facts?.role === 'manager' && takesJobs(facts) && !isOld ? facts : undefined;
}
