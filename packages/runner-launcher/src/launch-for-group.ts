import {
  type ManagerFacts,
  type OurTasks,
  readEndedJobTasks,
  type Serving,
  takesJobs,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CapacityProvider, FleetConfig } from '@serverless-gitlab-runner/fleet';
import type { CountedJobs } from './counted-jobs.ts';
import { fillSlot, isTooLate, type LaunchParts, type SlotResult, tooLate } from './fill-slot.ts';
import { failureOfError } from './launch-failure.ts';
import { markDemand } from './mark-demand.ts';
import { type LaunchFailure, type Outcome, outcomeOfFailure } from './outcome.ts';
import { type LaunchPlan, planLaunch } from './plan-launch.ts';
import type { LaunchRequest } from './read-messages.ts';
import { retryDelaySeconds } from './retry-delay.ts';
import type { SeenJobs } from './seen-jobs.ts';

export interface GroupParts extends LaunchParts {
  counted: CountedJobs;
  seen: SeenJobs;
  cluster: string;
  parameterPrefix: string;
  /**
   * Why no manager may be launched now for that fleet and token, if so.
   * @param running managers that are to run, of all fleets
   */
  checkLaunchAllowed(serving: Serving, running: readonly ManagerFacts[]): Promise<LaunchFailure | undefined>;
}

/** Requests of one batch for one fleet and token, oldest first. */
export interface Group {
  serving: Serving;
  config: FleetConfig;
  requests: readonly LaunchRequest[];
}

export interface GroupResult {
  /** By event id. */
  outcomes: Map<string, Outcome>;
  launched: { manager: ManagerFacts; capacityProvider: CapacityProvider }[];
  failure: LaunchFailure | undefined;
}

/** What one group's launching knows so far. */
interface Progress {
  /** Managers relied on whose mark is written and seen. */
  marked: Set<string>;
  launched: GroupResult['launched'];
  failure: LaunchFailure | undefined;
  /** Whether job tasks that ended were looked for. */
  lookedBack: boolean;
}

/** Each round marks or launches; the facts settle in two or three, unless others work against this one. */
const MAX_ROUNDS = 10;

/**
 * Ended tasks that are looked through before a manager is started: ECS lists those of the last hour, in no order. A fleet with
 * more of them may start a manager for a job that came and went.
 */
const LOOKED_BACK_AT = 1000;

/** RunTask and DescribeTasks for each: two launchers stay below ten managers a second, of the 20 that Fargate starts. */
const SLOTS_AT_ONCE = 4;
/**
 * A message that comes back waits for a free launcher and its batch, and goes to either of two: a job is counted for about
 * three looks, or each launcher would know three quarters of those that wait.
 */
const LOOK_AGAIN_LATE_MS = 90_000;
/**
 * A mark this young needs no other for jobs, whose messages come back: the reaper that drains beside it sees it when it looks
 * again. A request without a job is answered once, so it looks for itself.
 */
const MARK_HOLDS_MS = 10_000;

const unsettled: LaunchFailure = {
  reason: 'unknown',
  message: 'The managers changed all the time while a launch was planned. It is tried again',
  permanent: false,
};

/**
 * Finds a manager for each request of a group: plans, carries out the first step, and plans again with what it learned,
 * until the plan has nothing left to do.
 * @param world our tasks as read for the batch; what is launched and found out is added to it
 */
export async function launchForGroup(group: Group, world: OurTasks, parts: GroupParts): Promise<GroupResult> {
  const progress: Progress = { marked: new Set(), launched: [], failure: undefined, lookedBack: false };
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (isTooLate(parts)) return allFailed(group, progress, tooLate);
      const plan = makePlan(group, world, parts, progress);
      if (await carryOut(plan, group, world, parts, progress)) {
        remember(group, plan, parts);
        const { launched, failure } = progress;
        return { launched, failure, outcomes: outcomesOf(group, plan, progress) };
      }
    }
    return allFailed(group, progress, unsettled);
  } catch (error) {
    // A mark that is not written, or not seen, is nothing to rely on: the whole group comes back.
    return allFailed(group, progress, failureOfError(error));
  }
}

function allFailed({ requests }: Group, { launched }: Progress, failure: LaunchFailure): GroupResult {
  const outcome = outcomeOfFailure(failure);
  return { outcomes: new Map(requests.map(({ eventId }) => [eventId, outcome])), launched, failure };
}

function makePlan(group: Group, world: OurTasks, parts: GroupParts, { failure }: Progress): LaunchPlan {
  const { max, concurrentJobs } = group.config.manager;
  return planLaunch({
    ...world,
    serving: group.serving,
    max,
    concurrentJobs,
    requests: group.requests,
    counted: parts.counted.of(group.serving),
    seen: parts.seen.of(group.serving.fleet),
    mayLaunch: failure === undefined,
    now: parts.timing.now(),
  });
}

/** Carries out the next step of a plan. @returns whether nothing was left to do, so that the plan stands */
async function carryOut(
  plan: LaunchPlan,
  group: Group,
  world: OurTasks,
  parts: GroupParts,
  progress: Progress,
): Promise<boolean> {
  const comeBack = group.requests.every(({ jobId }) => jobId !== undefined);
  const holdsMs = comeBack ? Math.min(MARK_HOLDS_MS, (group.config.manager.idleSeconds * 1000) / 2) : 0;
  const isMarked = ({ taskArn, demandAt = 0 }: ManagerFacts) =>
    progress.marked.has(taskArn) || parts.timing.now() - demandAt < holdsMs;
  const unmarked = plan.mark.filter((manager) => !isMarked(manager));
  if (unmarked.length > 0) {
    await rely(unmarked, world, parts, progress);
    return false;
  }
  if (plan.launch.length === 0) return true;
  if (!progress.lookedBack && group.requests.some(({ message }) => message.receiveCount > 1)) {
    await lookBack(parts, progress);
    return false;
  }
  progress.failure = await parts.checkLaunchAllowed(group.serving, world.managers);
  if (progress.failure === undefined) await launch(plan.launch, group, world, parts, progress);
  return false;
}

/** A message that comes back may be of a job that had its task, and the manager left, since the last look. */
async function lookBack({ ecs, cluster, seen }: GroupParts, progress: Progress): Promise<void> {
  seen.see(await readEndedJobTasks(ecs, cluster, LOOKED_BACK_AT));
  progress.lookedBack = true;
}

async function rely(
  managers: readonly ManagerFacts[],
  world: OurTasks,
  { ecs, cluster, timing }: GroupParts,
  progress: Progress,
): Promise<void> {
  const seen = await markDemand(ecs, cluster, managers, timing.now());
  for (const { taskArn } of managers) forget(world, taskArn);
  for (const manager of seen) {
    world.managers.push(manager);
    if (takesJobs(manager)) progress.marked.add(manager.taskArn);
  }
}

async function launch(
  slots: readonly number[],
  { serving, config }: Group,
  world: OurTasks,
  parts: GroupParts,
  progress: Progress,
): Promise<void> {
  const { cluster, parameterPrefix, timing } = parts;
  const results = await fillAtOnce(slots, (slot) =>
    fillSlot({ cluster, parameterPrefix, config, serving, slot, demandAt: timing.now() }, parts),
  );
  for (const result of results) {
    if (result.kind === 'failed') {
      progress.failure ??= result.failure;
      continue;
    }
    forget(world, result.manager.taskArn);
    world.managers.push(result.manager);
    if (result.kind === 'launched') {
      progress.launched.push(result);
      progress.marked.add(result.manager.taskArn);
    }
  }
}

/** Fills some places side by side; once one fails no other is begun, since the next would hardly fare better. */
async function fillAtOnce(
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

function forget(world: OurTasks, taskArn: string): void {
  world.managers = world.managers.filter((manager) => manager.taskArn !== taskArn);
}

/** What the next batch counts beside its own: the jobs of this one, until their messages come back. */
function remember({ serving, requests }: Group, plan: LaunchPlan, { counted, timing }: GroupParts): void {
  const covered = new Set(plan.covered);
  for (const { eventId, jobId, message } of requests) {
    if (jobId === undefined) continue;
    const backAfter = retryDelaySeconds('recheck', message.receiveCount, 1) * 1000 + LOOK_AGAIN_LATE_MS;
    if (covered.has(eventId)) counted.count(serving, jobId, timing.now() + backAfter);
    else counted.forget(serving, jobId);
  }
}

function outcomesOf(
  { requests }: Group,
  plan: LaunchPlan,
  { launched, failure }: Progress,
): Map<string, Outcome> {
  const because = launched.length > 0 ? 'manager-launched' : 'manager-runs';
  const withJob = new Set(requests.flatMap(({ eventId, jobId }) => (jobId === undefined ? [] : eventId)));
  const kept: Outcome = failure ? outcomeOfFailure(failure) : { kind: 'retry', reason: 'at-maximum' };
  return new Map<string, Outcome>([
    ...plan.running.map((eventId) => [eventId, { kind: 'done', because: 'job-runs' }] as const),
    ...plan.overdue.map((eventId) => [eventId, { kind: 'done', because: 'job-overdue' }] as const),
    ...plan.covered.map(
      (eventId) => [eventId, { kind: withJob.has(eventId) ? 'recheck' : 'done', because }] as const,
    ),
    ...plan.kept.map((eventId) => [eventId, kept] as const),
  ]);
}
