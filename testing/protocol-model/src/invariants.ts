import { tagValue } from '@serverless-gitlab-runner/fleet';
import type { Actor } from './actor.ts';
import type { GitLabJob } from './actors/gitlab.ts';
import type { Manager, Managers } from './actors/managers.ts';
import { type Clock, START } from './clock.ts';
import { tokenEndsAt } from './ecs/run-task.ts';
import { asOf, hasStopped, type SimulatedTask, statusOf, tagsOf } from './ecs/simulated-task.ts';
import type { Schedule } from './schedule.ts';

export type InvariantName =
  | 'no job waits while its fleet has capacity'
  | 'no manager is stopped while it has a job'
  | 'no busy manager is drained as idle'
  | 'no job is killed'
  | 'no job is assigned to a cut request'
  | 'no job task outlives its manager'
  | 'the maximum is respected'
  | 'zero tasks when idle'
  | 'unmanaged tasks are not touched'
  | 'a refused token starts no managers'
  | 'no message stays in the queue'
  | 'no crash';

export interface Violation {
  invariant: InvariantName;
  /** Seconds from the schedule's start. */
  at: number;
  what: string;
}

/** Bounds of a schedule in seconds or numbers; see the README. */
export interface Bounds {
  /** From when a job is queued, faults end, or the fleet was last full, whichever is latest, until a manager takes the job. */
  start: number;
  /** From the end of a manager, or of the faults, until the end of its job tasks. */
  orphan: number;
  /** From the end of the last job, with safety launches turned off, until no tasks are left. */
  zero: number;
  /** Maximum number of managers that take jobs concurrently. */
  managers: number;
  /** Maximum number of managers started while GitLab refuses their token. */
  refused: number;
  /** Age of a job task or demand mark from which every reader knows that the manager is busy. */
  busy: number;
}

export interface Invariants {
  readonly violation: Violation | undefined;
  violate(invariant: InvariantName, what: string): void;
  onQueued(job: GitLabJob): void;
  onCreated(task: SimulatedTask): void;
  onManagerEnded(manager: Manager): void;
  onCut(job: GitLabJob): void;
  /** Called before the task is stopped. */
  onStop(by: Actor['kind'], task: SimulatedTask): void;
  onTag(by: Actor['kind'], task: SimulatedTask, tags: readonly { key?: string | undefined }[]): void;
  onIdleFleet(): void;
}

export interface InvariantDeps {
  schedule: Schedule;
  bounds: Bounds;
  clock: Clock;
  tasks: readonly SimulatedTask[];
  managers: Managers;
  jobs: readonly GitLabJob[];
}

/** Free capacity is used again within some polls. */
const FULL_CHECK_MS = 5000;
/** Timeout of a launcher. */
const LAUNCHER_MS = 60_000;

/** Checks the true state at the relevant events, and ends the run at the first violation. */
export function createInvariants(deps: InvariantDeps): Invariants {
  const { schedule, bounds, clock } = deps;
  const faultsEndAt = START + Math.max(schedule.faults.until, schedule.token?.replacedAt ?? 0) * 1000;
  let violation: Violation | undefined;
  let refused = 0;

  const violate = (invariant: InvariantName, what: string) => {
    violation ??= { invariant, at: (clock.now() - START) / 1000, what };
    clock.stop();
  };
  /** Runs a check some seconds after now or, if later, after the end of the faults. */
  const checkAfter = (seconds: number, check: () => void) =>
    clock.at(Math.max(clock.now(), faultsEndAt) + seconds * 1000, check);

  /** Whether the fleet has its maximum of managers, and each of them its maximum of jobs. */
  const isFull = () => {
    const taking = deps.tasks.filter(takesJobs);
    return (
      taking.length >= schedule.fleet.max &&
      taking.every((task) => {
        const { jobs, answer } = deps.managers.of(task) ?? { jobs: new Set(), answer: undefined };
        return jobs.size + (answer ? 1 : 0) >= schedule.fleet.concurrentJobs;
      })
    );
  };
  let fullAt = Number.NEGATIVE_INFINITY;
  let checksForFull = false;
  const checkForFull = () => {
    checksForFull = deps.jobs.some(({ state }) => state === 'pending');
    if (!checksForFull) return;
    if (isFull()) fullAt = clock.now();
    clock.after(FULL_CHECK_MS, checkForFull);
  };
  const checkStarted = (job: GitLabJob) => {
    if (job.state !== 'pending') return;
    const dueAt = Math.max(job.queuedAt, faultsEndAt, fullAt) + bounds.start * 1000;
    if (clock.now() < dueAt) return clock.at(dueAt, () => checkStarted(job));
    violate(
      'no job waits while its fleet has capacity',
      `job ${job.id} has waited for more than ${bounds.start} s`,
    );
  };

  const onStop: Invariants['onStop'] = (by, task) => {
    if (task.role === 'foreign') return violate('unmanaged tasks are not touched', `${by} stops ${task.id}`);
    if (by !== 'reaper') return;
    if (task.role === 'manager') {
      // A job that is ending needs seconds, and a stopped manager has 90 s.
      const jobs = [...(deps.managers.of(task)?.jobs ?? [])].filter(({ state }) => state !== 'ending').length;
      if (jobs > 0) violate('no manager is stopped while it has a job', `${task.id} has ${jobs} jobs`);
      return;
    }
    const job = deps.jobs.find(({ id }) => id === task.jobId);
    const owner = deps.tasks.find(({ id }) => id === task.startedBy);
    const manager = owner && deps.managers.of(owner);
    if (job && job.state === 'running' && manager?.jobs.has(job))
      violate('no job is killed', `job ${job.id}: the reaper stops its task ${task.id}`);
  };

  const onTag: Invariants['onTag'] = (by, task, tags) => {
    if (task.role === 'foreign') return violate('unmanaged tasks are not touched', `${by} tags ${task.id}`);
    const draining = tagValue(
      tags.map(({ key }) => ({ key, value: 'set' })),
      'drain',
    );
    if (by !== 'reaper' || draining === undefined || schedule.faults.gaps > 0) return;
    // A manager that does not start, or is past its lifetime, is drained regardless of demand.
    const age = (clock.now() - (statusOf(task).startedAt ?? 0)) / 1000;
    if (age < bounds.busy || age > schedule.fleet.maxLifetimeSeconds) return;
    const busy = deps.tasks.some((other) => isBusyWith(other, task));
    if (busy) violate('no busy manager is drained as idle', `${task.id} has a job task`);
    if (hasDemand(task)) violate('no busy manager is drained as idle', `${task.id} has demand`);
  };

  /** Whether a demand mark is recent, but old enough that every reader knows it. */
  const hasDemand = ({ tags }: SimulatedTask) => {
    const known = asOf(tags, clock.now() - bounds.busy * 1000);
    const demandAt = Date.parse(tagValue(known, 'demand') ?? '');
    return clock.now() - demandAt < schedule.fleet.idleSeconds * 1000;
  };
  const isBusyWith = (task: SimulatedTask, manager: SimulatedTask) =>
    task.startedBy === manager.id &&
    statusOf(task).desiredStatus === 'RUNNING' &&
    // A task that was started ahead is busy once a job has claimed it.
    tagValue(asOf(task.tags, clock.now() - bounds.busy * 1000), 'jobId') !== undefined;

  /** Each manager lost within the last hour may be replaced once more. */
  const checkForZero = (round: number) => {
    const since = clock.now();
    clock.after(bounds.zero * 1000, () => {
      const left = deps.tasks.filter((task) => task.role !== 'foreign' && !hasStopped(task));
      if (left.length === 0) return clock.stop();
      const isNew = left.every(({ role, createdAt }) => role === 'manager' && createdAt > since);
      if (isNew && round <= lostManagers()) return checkForZero(round + 1);
      violate('zero tasks when idle', left.map(({ id, role }) => `${role} ${id}`).join());
    });
  };
  /** Slots whose token ECS forgot recently, while a launcher may still have been using it: each may be filled twice. */
  const forgottenSlots = () => {
    const isRecent = (task: SimulatedTask) => {
      const age = clock.now() - tokenEndsAt(task);
      return task.role === 'manager' && age >= 0 && age < LAUNCHER_MS;
    };
    return new Set(deps.tasks.filter(isRecent).map((task) => tagValue(tagsOf(task), 'slot'))).size;
  };
  const countRefused = () => {
    const { token } = schedule;
    const second = (clock.now() - START) / 1000;
    if (token === undefined || second < token.refusedAt || second >= token.replacedAt) return;
    refused += 1;
    if (refused > bounds.refused)
      violate('a refused token starts no managers', `${refused} managers were started with it`);
  };
  const lostManagers = () =>
    deps.tasks.filter((task) => task.role === 'manager' && statusOf(task).exitCode !== 0).length;

  return {
    get violation() {
      return violation;
    },
    violate,
    onQueued(job) {
      if (!checksForFull) checkForFull();
      checkStarted(job);
    },
    onCreated(task) {
      if (task.role !== 'manager') return;
      countRefused();
      const taking = deps.tasks.filter(takesJobs);
      if (taking.length > bounds.managers + forgottenSlots())
        violate(
          'the maximum is respected',
          `${taking.length} managers take jobs: ${taking.map(({ id }) => id)}`,
        );
    },
    onManagerEnded({ task }) {
      checkAfter(bounds.orphan, () => {
        const orphan = deps.tasks.find((other) => other.startedBy === task.id && !hasStopped(other));
        if (orphan) violate('no job task outlives its manager', `${orphan.id} outlives ${task.id}`);
      });
    },
    onCut: ({ id }) =>
      violate('no job is assigned to a cut request', `job ${id}: its runner quit before the response`),
    onStop,
    onTag,
    onIdleFleet: () => checkForZero(1),
  };
}

/** Whether a manager really takes jobs: it runs or will run, and is not drained. */
function takesJobs(task: SimulatedTask): boolean {
  return (
    task.role === 'manager' &&
    statusOf(task).desiredStatus === 'RUNNING' &&
    tagValue(tagsOf(task), 'drain') === undefined
  );
}
