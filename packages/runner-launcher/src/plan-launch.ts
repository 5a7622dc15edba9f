import {
  isAlive,
  isSameQueue,
  type JobTaskFacts,
  type ManagerFacts,
  type RunnerQueue,
  takesJobs,
} from '@serverless-gitlab-runner/aws/ecs-tasks';

/** A job that an earlier batch counted on a manager, and whose message comes back. */
export interface ExpectedJob {
  jobId: number;
  /** Milliseconds since 1970 by which its message has come back, here or at another launcher. */
  until: number;
}

export interface LaunchFacts {
  runnerQueue: RunnerQueue;
  /** The fleet's `manager.max` and `manager.concurrentJobs`. */
  max: number;
  concurrentJobs: number;
  /** Managers of all fleets and tokens; those that ended may be among them. */
  managers: readonly ManagerFacts[];
  jobTasks: readonly JobTaskFacts[];
  /** What this batch asks for that fleet and token. */
  requests: readonly { eventId: string; jobId: number | undefined; requestedAt: number }[];
  expectedJobs: readonly ExpectedJob[];
  /** Jobs of the fleet that had a task when somebody looked, also if it ended since. */
  startedJobs: ReadonlySet<number>;
  /** False once a launch failed in this batch. */
  mayLaunch: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export interface LaunchPlan {
  /** Event ids of requests whose job has a task already, or had one. */
  running: string[];
  /** Event ids of requests whose job does not wait: a manager has long had a free place for it. */
  overdue: string[];
  /** Event ids of requests that the managers of this plan will serve. */
  assigned: string[];
  /** Event ids of requests without a manager, or without a place on one: they stay in the queue. */
  deferred: string[];
  /** Managers relied on: each gets the demand mark. */
  mark: ManagerFacts[];
  /** Places in the fleet to fill with a new manager. */
  launch: number[];
}

/** Live job tasks by id of their manager. */
type Load = ReadonlyMap<string | undefined, number>;

/** A manager that has run for so long has asked GitLab for every job that waits, as far as it has places. */
const ASKED_AFTER_MS = 30_000;
/**
 * A job that waits longer than this beside free places is not taken any more: it was cancelled, another runner has it, or it
 * ran and ended unseen. As long again as a taken job may be without a task (task definitions are registered one a second).
 */
const OVERDUE_AFTER_MS = 120_000;

/**
 * Plans for one fleet and token: how many managers are there that take jobs (starting ones count, draining ones do not), how
 * many are wanted, how many are allowed.
 *
 * Draining managers do not count towards the fleet's maximum: one may work off a long job for hours, and jobs would wait for
 * it. So a fleet has at most `max` managers that take jobs, and besides those the ones that leave.
 */
export function planLaunch(input: LaunchFacts): LaunchPlan {
  const { concurrentJobs, max, runnerQueue } = input;
  const facts = { ...input, jobTasks: input.jobTasks.filter(({ fleet }) => fleet === runnerQueue.fleet) };
  const inFleet = facts.managers.filter(
    (manager) => manager.fleet === runnerQueue.fleet && takesJobs(manager),
  );
  const live = inFleet.filter((manager) => isSameQueue(manager, runnerQueue));
  const load = loadOf(live, facts.jobTasks);
  const { running, overdue, waiting } = splitRequests(facts, live, load);
  const jobs = jobsOf(waiting);
  const busy = sum([...load.values()]) + countExpected(facts, jobs);

  const wanted = waiting.length === 0 ? 0 : Math.max(1, Math.ceil((busy + jobs.size) / concurrentJobs));
  const allowed = facts.mayLaunch ? Math.max(0, max - inFleet.length) : 0;
  const launch = freeSlots(inFleet, max).slice(0, Math.min(Math.max(0, wanted - live.length), allowed));

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

function splitRequests(facts: LaunchFacts, live: readonly ManagerFacts[], load: Load) {
  const { requests, jobTasks, startedJobs, now } = facts;
  const taken = new Set(jobTasks.filter(isAlive).map(({ jobId }) => jobId));
  const isTaken = (jobId: number | undefined) =>
    jobId !== undefined && (taken.has(jobId) || startedJobs.has(jobId));
  const untaken = requests.filter(({ jobId }) => !isTaken(jobId));
  const hasPlaces = placesForLong(facts, live, load) >= jobsOf(untaken).size;
  const isOverdue = ({ jobId, requestedAt }: (typeof requests)[number]) =>
    hasPlaces && jobId !== undefined && now - requestedAt >= OVERDUE_AFTER_MS;
  return {
    running: requests.filter(({ jobId }) => isTaken(jobId)).map(({ eventId }) => eventId),
    overdue: untaken.filter(isOverdue).map(({ eventId }) => eventId),
    waiting: untaken
      .filter((request) => !isOverdue(request))
      .sort((one, other) => one.requestedAt - other.requestedAt),
  };
}

function jobsOf(requests: LaunchFacts['requests']): Set<number> {
  return new Set(requests.flatMap(({ jobId }) => jobId ?? []));
}

/** Free places on managers that have asked for every job, without those of jobs that other batches expect. */
function placesForLong(facts: LaunchFacts, live: readonly ManagerFacts[], load: Load): number {
  const asked = live.filter(
    ({ state, startedAt = facts.now }) => state === 'running' && facts.now - startedAt >= ASKED_AFTER_MS,
  );
  const free = asked.map(({ taskId }) => Math.max(0, facts.concurrentJobs - (load.get(taskId) ?? 0)));
  return sum(free) - countExpected(facts, jobsOf(facts.requests));
}

/** Live job tasks of each manager. */
function loadOf(live: readonly ManagerFacts[], jobTasks: readonly JobTaskFacts[]): Load {
  const load = new Map<string | undefined, number>(live.map(({ taskId }) => [taskId, 0]));
  for (const { managerTaskId, ...task } of jobTasks) {
    const jobs = load.get(managerTaskId);
    if (jobs !== undefined && isAlive(task)) load.set(managerTaskId, jobs + 1);
  }
  return load;
}

/** Jobs that earlier batches counted on managers, that have no job task yet, and that are not of this batch. */
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

/** Places 1 to `max` that no manager holds, lowest first: two planners who see the same fill the same. */
function freeSlots(inFleet: readonly ManagerFacts[], max: number): number[] {
  const held = new Set(inFleet.map(({ slot }) => slot));
  return Array.from({ length: max }, (_, index) => index + 1).filter((slot) => !held.has(slot));
}

/** Oldest first. A request without a job needs a manager to be there, not a place on it; one job needs one place. */
function assign(waiting: LaunchFacts['requests'], managers: number, places: number) {
  const seated = new Set<number>();
  const plan: { assigned: string[]; deferred: string[] } = { assigned: [], deferred: [] };
  for (const { eventId, jobId } of waiting) {
    const hasPlace = jobId === undefined || seated.has(jobId) || seated.size < places;
    if (hasPlace && jobId !== undefined) seated.add(jobId);
    (managers > 0 && hasPlace ? plan.assigned : plan.deferred).push(eventId);
  }
  return plan;
}

/** The managers with the most free places, as many as the covered requests need, and one at least. */
function chooseMarked(
  live: readonly ManagerFacts[],
  load: Load,
  { concurrentJobs }: LaunchFacts,
  requests: number,
): ManagerFacts[] {
  const free = ({ taskId }: ManagerFacts) => concurrentJobs - (load.get(taskId) ?? 0);
  const byFreePlaces = live.toSorted((one, other) => free(other) - free(one));
  const chosen: ManagerFacts[] = [];
  let places = 0;
  for (const manager of byFreePlaces) {
    if (places >= requests) break;
    chosen.push(manager);
    places += Math.max(1, free(manager));
  }
  return chosen;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
