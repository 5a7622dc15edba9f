import {
  isAlive,
  isSameQueue,
  type JobTaskFacts,
  type ManagedTasks,
  type ManagerFacts,
  type RunnerQueue,
  takesJobs,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { askedInVainMs, type ManagerLimits } from './drained-managers.ts';

/** A job that an earlier batch assigned to a manager, and whose message comes back. */
export interface ExpectedJob {
  jobId: number;
  /** Milliseconds since 1970 by which its message has come back, here or at another launcher. */
  until: number;
}

export interface LaunchFacts extends ManagerLimits {
  runnerQueue: RunnerQueue;
  /** Managers of all fleets and tokens that run or start. */
  managers: readonly ManagerFacts[];
  /** All tasks that ended within the last hour; undefined unless they were read. */
  endedTasks: ManagedTasks | undefined;
  jobTasks: readonly JobTaskFacts[];
  /** This batch's requests for that fleet and token. */
  requests: readonly { eventId: string; jobId: number | undefined; requestedAt: number }[];
  expectedJobs: readonly ExpectedJob[];
  /** Jobs of the fleet for which a task was seen, even if it has ended since. */
  startedJobs: ReadonlySet<number>;
  /** False once a launch failed in this batch. */
  mayLaunch: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export interface LaunchPlan {
  /** Event ids of requests whose job has a task already, or had one. */
  running: string[];
  /** Event ids of requests whose job cannot be waiting: managers have, or had, free capacity for it for long enough. */
  overdue: string[];
  /** Event ids of requests that the managers of this plan will serve. */
  assigned: string[];
  /** Event ids of requests without a manager, or without capacity on one: they stay in the queue. */
  deferred: string[];
  /** Managers that jobs are assigned to: each gets the demand mark. */
  mark: ManagerFacts[];
  /** Slots of the fleet to fill with a new manager. */
  launch: number[];
}

/** Number of live job tasks by their manager's task id. */
type Load = ReadonlyMap<string | undefined, number>;

/**
 * After this long with free capacity, managers have polled GitLab for every waiting job. A manager that left as idle may have been
 * there for seconds only, and GitLab may not have answered it; the time of several counts together.
 */
const ASKED_AFTER_MS = 30_000;
/**
 * A job that waits longer than this although managers have had free capacity is not waiting any more: it was cancelled, another
 * runner has it, or it ran and ended unseen. The limit is twice the time for which a taken job may lack a task (task definitions
 * are registered at a rate of one a second).
 */
const OVERDUE_AFTER_MS = 120_000;

/**
 * Plans for one fleet and token: how many managers take jobs (starting ones count, draining ones do not), how many are needed,
 * and how many are allowed.
 *
 * Draining managers do not count towards the fleet's maximum: one may take hours to finish a long job, and other jobs would have
 * to wait for it. So a fleet has at most `max` managers that take jobs, plus those that are leaving.
 */
export function planLaunch(input: LaunchFacts): LaunchPlan {
  const { concurrentJobs, max, runnerQueue } = input;
  const facts = { ...input, jobTasks: input.jobTasks.filter((task) => isOfJob(task, runnerQueue)) };
  const inFleet = facts.managers.filter(
    (manager) => manager.fleet === runnerQueue.fleet && takesJobs(manager),
  );
  const live = inFleet.filter((manager) => isSameQueue(manager, runnerQueue));
  const load = loadOf(live, facts.jobTasks);
  const { running, overdue, waiting } = splitRequests(facts, live, load);
  const jobs = jobsOf(waiting);
  const busy = sum([...load.values()]) + countExpected(facts, jobs);

  const needed = waiting.length === 0 ? 0 : Math.max(1, Math.ceil((busy + jobs.size) / concurrentJobs));
  const allowed = facts.mayLaunch ? Math.max(0, max - inFleet.length) : 0;
  const launch = freeSlots(inFleet, max).slice(0, Math.min(Math.max(0, needed - live.length), allowed));

  const managers = live.length + launch.length;
  const { assigned, deferred } = assign(waiting, managers, managers * concurrentJobs - busy);
  return {
    running,
    overdue,
    assigned,
    deferred,
    mark: chooseMarked(live, load, facts, assigned.length),
    launch,
  };
}

/** Tasks that wait for a job are no load: their manager lets them go, or a job takes one instead of starting its own. */
function isOfJob({ fleet, unclaimedUntil }: JobTaskFacts, runnerQueue: RunnerQueue): boolean {
  return fleet === runnerQueue.fleet && unclaimedUntil === undefined;
}

function splitRequests(facts: LaunchFacts, live: readonly ManagerFacts[], load: Load) {
  const { requests, jobTasks, startedJobs, now } = facts;
  const running = new Set(jobTasks.filter(isAlive).map(({ jobId }) => jobId));
  const hasStarted = (jobId: number | undefined) =>
    jobId !== undefined && (running.has(jobId) || startedJobs.has(jobId));
  const notStarted = requests.filter(({ jobId }) => !hasStarted(jobId));
  const hasCapacity = provenFreeCapacity(facts, live, load) >= jobsOf(notStarted).size;
  const isOverdue = ({ jobId, requestedAt }: (typeof requests)[number]) =>
    jobId !== undefined &&
    now - requestedAt >= OVERDUE_AFTER_MS &&
    (hasCapacity || askedInVain(facts, requestedAt) >= ASKED_AFTER_MS);
  return {
    running: requests.filter(({ jobId }) => hasStarted(jobId)).map(({ eventId }) => eventId),
    overdue: notStarted.filter(isOverdue).map(({ eventId }) => eventId),
    waiting: notStarted
      .filter((request) => !isOverdue(request))
      .sort((one, other) => one.requestedAt - other.requestedAt),
  };
}

/** Milliseconds for which managers of the queue asked in vain; 0 unless ended tasks were read. */
function askedInVain(facts: LaunchFacts, since: number): number {
  const { endedTasks, runnerQueue } = facts;
  if (endedTasks === undefined) return 0;
  const managers = [...facts.managers, ...endedTasks.managers].filter((one) => isSameQueue(one, runnerQueue));
  const jobTasks = [...facts.jobTasks, ...endedTasks.jobTasks.filter((task) => isOfJob(task, runnerQueue))];
  return askedInVainMs(managers, jobTasks, facts, since);
}

function jobsOf(requests: LaunchFacts['requests']): Set<number> {
  return new Set(requests.flatMap(({ jobId }) => jobId ?? []));
}

/** Free capacity on managers that have polled for every job, less the jobs that other batches expect. */
function provenFreeCapacity(facts: LaunchFacts, live: readonly ManagerFacts[], load: Load): number {
  const asked = live.filter(
    ({ state, startedAt = facts.now }) => state === 'running' && facts.now - startedAt >= ASKED_AFTER_MS,
  );
  const free = asked.map(({ taskId }) => Math.max(0, facts.concurrentJobs - (load.get(taskId) ?? 0)));
  return sum(free) - countExpected(facts, jobsOf(facts.requests));
}

/** Counts the live job tasks of each manager. */
function loadOf(live: readonly ManagerFacts[], jobTasks: readonly JobTaskFacts[]): Load {
  const load = new Map<string | undefined, number>(live.map(({ taskId }) => [taskId, 0]));
  for (const { managerTaskId, ...task } of jobTasks) {
    const jobs = load.get(managerTaskId);
    if (jobs !== undefined && isAlive(task)) load.set(managerTaskId, jobs + 1);
  }
  return load;
}

/** Counts the jobs of earlier batches that were assigned to managers, have no task yet, and do not belong to this batch. */
function countExpected(
  { expectedJobs, jobTasks, startedJobs, now }: LaunchFacts,
  ofBatch: ReadonlySet<number>,
): number {
  const started = new Set(jobTasks.map(({ jobId }) => jobId));
  return expectedJobs.filter(
    ({ jobId, until }) =>
      until > now && !ofBatch.has(jobId) && !started.has(jobId) && !startedJobs.has(jobId),
  ).length;
}

/** Slots 1 to `max` that no manager holds, lowest first: two planners that see the same state fill the same slots. */
function freeSlots(inFleet: readonly ManagerFacts[], max: number): number[] {
  const held = new Set(inFleet.map(({ slot }) => slot));
  return Array.from({ length: max }, (_, index) => index + 1).filter((slot) => !held.has(slot));
}

/**
 * Assigns requests to managers, oldest first. A request without a job needs a manager, but no capacity on it; each job takes
 * the capacity of one job, however many requests name it.
 */
function assign(waiting: LaunchFacts['requests'], managers: number, capacity: number) {
  const assignedJobs = new Set<number>();
  const plan: { assigned: string[]; deferred: string[] } = { assigned: [], deferred: [] };
  for (const { eventId, jobId } of waiting) {
    const fits = jobId === undefined || assignedJobs.has(jobId) || assignedJobs.size < capacity;
    if (fits && jobId !== undefined) assignedJobs.add(jobId);
    (managers > 0 && fits ? plan.assigned : plan.deferred).push(eventId);
  }
  return plan;
}

/** The managers with the most free capacity, as many as the assigned requests need. A full manager counts for one request. */
function chooseMarked(
  live: readonly ManagerFacts[],
  load: Load,
  { concurrentJobs }: LaunchFacts,
  requests: number,
): ManagerFacts[] {
  const free = ({ taskId }: ManagerFacts) => concurrentJobs - (load.get(taskId) ?? 0);
  const byFreeCapacity = live.toSorted((one, other) => free(other) - free(one));
  const chosen: ManagerFacts[] = [];
  let capacity = 0;
  for (const manager of byFreeCapacity) {
    if (capacity >= requests) break;
    chosen.push(manager);
    capacity += Math.max(1, free(manager));
  }
  return chosen;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
