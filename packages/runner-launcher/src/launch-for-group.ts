import type { RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import {
  type ManagedTasks,
  type ManagerFacts,
  readEndedTasks,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { decideNextStep } from './decide-next-step.ts';
import type { ExpectedJobs } from './expected-jobs.ts';
import { deadlineExceeded, fillSlot, isPastDeadline, type LaunchDeps, type SlotResult } from './fill-slot.ts';
import { allFailed, type Group, type GroupResult, outcomesOf } from './group-outcomes.ts';
import { failureOfError } from './launch-failure.ts';
import { addManager, type LaunchState, removeManagers, startState } from './launch-state.ts';
import { markDemand } from './mark-demand.ts';
import type { LaunchFailure } from './outcome.ts';
import { type LaunchPlan, planLaunch } from './plan-launch.ts';
import { retryDelaySeconds } from './retry-delay.ts';
import type { StartedJobs } from './started-jobs.ts';

export interface GroupDeps extends LaunchDeps {
  expectedJobs: ExpectedJobs;
  startedJobs: StartedJobs;
  cluster: string;
  parameterPrefix: string;
  /**
   * Returns why no manager may be launched now for that fleet and token, or undefined.
   * @param running running managers of all fleets
   */
  checkLaunchAllowed(
    runnerQueue: RunnerQueue,
    running: readonly ManagerFacts[],
  ): Promise<LaunchFailure | undefined>;
}

/** Each round marks or launches. Two or three rounds suffice unless other launchers interfere. */
const MAX_ROUNDS = 10;

/**
 * Ended tasks to read before a manager is started: ECS lists those of the last hour, unordered. A fleet with more of them may
 * start a manager for a job that has already run.
 */
const MAX_ENDED_TASKS = 1000;

/** As many RunTask calls as one of two launchers may make at once (`ECS_SHARES`). */
const SLOTS_AT_ONCE = 5;

/**
 * A returning message waits for a free launcher and its batch, and goes to either of two launchers. A job is therefore expected
 * for about three polls; otherwise each launcher would know only three quarters of the waiting jobs.
 */
const EXPECTED_BEYOND_RECHECK_MS = 90_000;

const unstable: LaunchFailure = {
  reason: 'unknown',
  message: 'Managers kept changing during planning; retrying.',
  permanent: false,
};

/**
 * Finds a manager for each request of a group: plans, takes the next step, and plans again with what the step found, until
 * the plan needs no further step.
 * @param clusterState the tasks read for the batch; launched and discovered managers are added to it
 */
export async function launchForGroup(
  group: Group,
  clusterState: ManagedTasks,
  deps: GroupDeps,
): Promise<GroupResult> {
  const state = startState(clusterState);
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (isPastDeadline(deps)) return allFailed(group, state, deadlineExceeded);
      const plan = planFor(group, state, deps);
      const step = decideNextStep({ plan, state, ...group, now: deps.timing.now() });
      switch (step.kind) {
        case 'mark':
          await mark(step.managers, state, deps);
          break;
        case 'read-ended-tasks':
          await addEndedTasks(state, deps);
          break;
        case 'launch':
          await launch(step.slots, group, state, deps);
          break;
        case 'done':
          rememberExpected(group, plan, deps);
          return {
            launched: state.launched,
            failure: state.failure,
            outcomes: outcomesOf(group, plan, state),
          };
      }
    }
    return allFailed(group, state, unstable);
  } catch (error) {
    // A mark that was not both written and read back guarantees nothing: the whole group comes back.
    return allFailed(group, state, failureOfError(error));
  }
}

function planFor({ runnerQueue, requests, config }: Group, state: LaunchState, deps: GroupDeps): LaunchPlan {
  const { max, concurrentJobs, idleSeconds, maxLifetimeSeconds } = config.manager;
  return planLaunch({
    ...state.clusterState,
    endedTasks: state.endedTasks?.areAll === true ? state.endedTasks : undefined,
    runnerQueue,
    max,
    concurrentJobs,
    idleSeconds,
    maxLifetimeSeconds,
    requests,
    expectedJobs: deps.expectedJobs.of(runnerQueue),
    startedJobs: deps.startedJobs.of(runnerQueue.fleet),
    mayLaunch: state.failure === undefined,
    now: deps.timing.now(),
  });
}

/** Writes the demand mark on managers and replaces them by what ECS returns after the write. */
async function mark(
  managers: readonly ManagerFacts[],
  state: LaunchState,
  { ecs, cluster, timing }: GroupDeps,
): Promise<void> {
  const after = await markDemand(ecs, cluster, managers, timing.now());
  removeManagers(state, managers);
  for (const manager of after) addManager(state, manager, 'marked');
}

/** The job of a returning message may have run, and its manager left, since the last poll. */
async function addEndedTasks(state: LaunchState, { ecs, cluster, startedJobs }: GroupDeps): Promise<void> {
  state.endedTasks = await readEndedTasks(ecs, cluster, MAX_ENDED_TASKS);
  startedJobs.add(state.endedTasks.jobTasks);
}

async function launch(
  slots: readonly number[],
  { runnerQueue, config }: Group,
  state: LaunchState,
  deps: GroupDeps,
): Promise<void> {
  state.failure = await deps.checkLaunchAllowed(runnerQueue, state.clusterState.managers);
  if (state.failure !== undefined) return;
  const { cluster, parameterPrefix, timing } = deps;
  const results = await fillConcurrently(slots, (slot) =>
    fillSlot({ cluster, parameterPrefix, config, runnerQueue, slot, demandAt: timing.now() }, deps),
  );
  for (const result of results) {
    if (result.kind === 'failed') {
      state.failure ??= result.failure;
      continue;
    }
    addManager(state, result.manager, result.kind === 'launched' ? 'marked' : 'unmarked');
    if (result.kind === 'launched') state.launched.push(result);
  }
}

/** Fills slots concurrently. After a failure no further slot is tried: the next would very likely fail too. */
async function fillConcurrently(
  slots: readonly number[],
  fill: (slot: number) => Promise<SlotResult>,
): Promise<SlotResult[]> {
  const results: SlotResult[] = [];
  const left = slots.values();
  let failed = false;
  const work = async () => {
    for (const slot of left) {
      const result = await fill(slot);
      results.push(result);
      failed ||= result.kind === 'failed';
      if (failed) return;
    }
  };
  await Promise.all(Array.from({ length: SLOTS_AT_ONCE }, work));
  return results;
}

/** Lets later batches count the jobs assigned here, until their messages come back. */
function rememberExpected(
  { runnerQueue, requests }: Group,
  plan: LaunchPlan,
  { expectedJobs, timing }: GroupDeps,
): void {
  const assigned = new Set(plan.assigned);
  for (const { eventId, jobId, message } of requests) {
    if (jobId === undefined) continue;
    const backWithinMs =
      retryDelaySeconds('recheck', message.receiveCount, 1) * 1000 + EXPECTED_BEYOND_RECHECK_MS;
    if (assigned.has(eventId)) expectedJobs.add(runnerQueue, jobId, timing.now() + backWithinMs);
    else expectedJobs.remove(runnerQueue, jobId);
  }
}
