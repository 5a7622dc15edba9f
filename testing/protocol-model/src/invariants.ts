import { tagValue } from '@serverless-gitlab-runner/fleet';
import type { Actor } from './actor.ts';
import type { GitLabJob } from './actors/gitlab.ts';
import type { Manager, Managers } from './actors/managers.ts';
import { type Clock, START } from './clock.ts';
import { tokenEndsAt } from './ecs/run-task.ts';
import { asOf, hasStopped, type SimulatedTask, statusOf, tagsOf } from './ecs/simulated-task.ts';
import type { Schedule } from './schedule.ts';

export type InvariantName =
  | 'no job waits while its fleet has room'
  | 'no manager is stopped while it has a job'
  | 'no busy manager is drained as idle'
  | 'no job is killed'
  | 'no job is given to nobody'
  | 'no job task outlives its manager'
  | 'the maximum is kept'
  | 'zero tasks after quiet'
  | 'tasks of others are not touched'
  | 'a refused token starts no managers'
  | 'every message ends'
  | 'no crash';

export interface Violation {
  invariant: InvariantName;
  /** Seconds from the schedule's start. */
  at: number;
  what: string;
}

/** Seconds. What a schedule promises; see the README. */
export interface Bounds {
  /** From the moment a job is queued, faults stop, or its fleet was full at last, to a manager that takes it. */
  start: number;
  /** From the end of a manager, or of the faults, to the end of its job tasks. */
  orphan: number;
  /** From the last job's end, when safety launches are off, to zero tasks. */
  zero: number;
  /** Managers that take jobs, at one time. */
  managers: number;
  /** Managers that are started while GitLab refuses their token. */
  refused: number;
  /** Age of a job task from which its manager is known to be busy. */
  busy: number;
}

export interface Invariants {
  readonly violation: Violation | undefined;
  violate(invariant: InvariantName, what: string): void;
  onQueued(job: GitLabJob): void;
  onCreated(task: SimulatedTask): void;
  onManagerEnded(manager: Manager): void;
  onCut(job: GitLabJob): void;
  /** Before the effect. */
  onStop(by: Actor['kind'], task: SimulatedTask): void;
  onTag(by: Actor['kind'], task: SimulatedTask, tags: readonly { key?: string | undefined }[]): void;
  onQuiet(): void;
}

export interface InvariantDeps {
  schedule: Schedule;
  bounds: Bounds;
  clock: Clock;
  tasks: readonly SimulatedTask[];
  managers: Managers;
  jobs: readonly GitLabJob[];
}

/** A place is taken again within some polls. */
const FULL_CHECK_MS = 5000;
/** A launcher works so long at most. */
const LAUNCHER_MS = 60_000;

/** Looks at the truth, at the moments that matter, and ends the run at the first violation. */
export function createInvariants(deps: InvariantDeps): Invariants {
  const { schedule, bounds, clock } = deps;
  const calmAt = START + Math.max(schedule.faults.until, schedule.token?.mendedAt ?? 0) * 1000;
  let violation: Violation | undefined;
  let refused = 0;

  const violate = (invariant: InvariantName, what: string) => {
    violation ??= { invariant, at: (clock.now() - START) / 1000, what };
    clock.stop();
  };
  /** Checks so long after now, or after the end of the faults. */
  const checkAfter = (seconds: number, check: () => void) =>
    clock.at(Math.max(clock.now(), calmAt) + seconds * 1000, check);

  /** The fleet has all managers it may have, and each all jobs it may have. */
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
  let looksForFull = false;
  const lookForFull = () => {
    looksForFull = deps.jobs.some(({ state }) => state === 'pending');
    if (!looksForFull) return;
    if (isFull()) fullAt = clock.now();
    clock.after(FULL_CHECK_MS, lookForFull);
  };
  const checkStarted = (job: GitLabJob) => {
    if (job.state !== 'pending') return;
    const dueAt = Math.max(job.queuedAt, calmAt, fullAt) + bounds.start * 1000;
    if (clock.now() < dueAt) return clock.at(dueAt, () => checkStarted(job));
    violate('no job waits while its fleet has room', `job ${job.id} waits for ${bounds.start} s`);
  };

  const onStop: Invariants['onStop'] = (by, task) => {
    if (task.role === 'foreign') return violate('tasks of others are not touched', `${by} stops ${task.id}`);
    if (by !== 'reaper') return;
    if (task.role === 'manager') {
      // A job that ends needs seconds, and a stopped manager has a minute and a half.
      const jobs = [...(deps.managers.of(task)?.jobs ?? [])].filter(({ state }) => state !== 'ending').length;
      if (jobs > 0) violate('no manager is stopped while it has a job', `${task.id} has ${jobs}`);
      return;
    }
    const job = deps.jobs.find(({ id }) => id === task.jobId);
    const owner = deps.tasks.find(({ id }) => id === task.startedBy);
    const manager = owner && deps.managers.of(owner);
    if (job && job.state === 'running' && manager?.jobs.has(job))
      violate('no job is killed', `job ${job.id}: the reaper stops its task ${task.id}`);
  };

  const onTag: Invariants['onTag'] = (by, task, tags) => {
    if (task.role === 'foreign') return violate('tasks of others are not touched', `${by} tags ${task.id}`);
    const draining = tagValue(
      tags.map(({ key }) => ({ key, value: 'set' })),
      'drain',
    );
    if (by !== 'reaper' || draining === undefined || schedule.faults.gaps > 0) return;
    // One that does not start, or is past its lifetime, is drained whatever counts on it.
    const age = (clock.now() - (statusOf(task).startedAt ?? 0)) / 1000;
    if (age < bounds.busy || age > schedule.fleet.maxLifetimeSeconds) return;
    const busy = deps.tasks.some((other) => isBusyWith(other, task));
    if (busy) violate('no busy manager is drained as idle', `${task.id} has a job task`);
    if (isRelied(task)) violate('no busy manager is drained as idle', `${task.id} has demand`);
  };

  /** A job counts on it, since long enough for every reader to know. */
  const isRelied = ({ tags }: SimulatedTask) => {
    const known = asOf(tags, clock.now() - bounds.busy * 1000);
    const demandAt = Date.parse(tagValue(known, 'demand') ?? '');
    return clock.now() - demandAt < schedule.fleet.idleSeconds * 1000;
  };
  const isBusyWith = (task: SimulatedTask, manager: SimulatedTask) =>
    task.startedBy === manager.id &&
    statusOf(task).desiredStatus === 'RUNNING' &&
    clock.now() - task.createdAt > bounds.busy * 1000;

  /** A manager that was lost may be replaced once more within the hour, when nobody takes jobs any more. */
  const lookForZero = (look: number) => {
    const since = clock.now();
    clock.after(bounds.zero * 1000, () => {
      const left = deps.tasks.filter((task) => task.role !== 'foreign' && !hasStopped(task));
      if (left.length === 0) return clock.stop();
      const isNew = left.every(({ role, createdAt }) => role === 'manager' && createdAt > since);
      if (isNew && look <= lostManagers()) return lookForZero(look + 1);
      violate('zero tasks after quiet', left.map(({ id, role }) => `${role} ${id}`).join());
    });
  };
  /** Places of which ECS forgot a token while some launcher may have been at work with the others: each may be filled twice. */
  const placesForgotten = () => {
    const isRecent = (task: SimulatedTask) => {
      const age = clock.now() - tokenEndsAt(task);
      return task.role === 'manager' && age >= 0 && age < LAUNCHER_MS;
    };
    return new Set(deps.tasks.filter(isRecent).map((task) => tagValue(tagsOf(task), 'slot'))).size;
  };
  const countRefused = () => {
    const { token } = schedule;
    const second = (clock.now() - START) / 1000;
    if (token === undefined || second < token.refusedAt || second >= token.mendedAt) return;
    refused += 1;
    if (refused > bounds.refused)
      violate('a refused token starts no managers', `${refused} were started with it`);
  };
  const lostManagers = () =>
    deps.tasks.filter((task) => task.role === 'manager' && statusOf(task).exitCode !== 0).length;

  return {
    get violation() {
      return violation;
    },
    violate,
    onQueued(job) {
      if (!looksForFull) lookForFull();
      checkStarted(job);
    },
    onCreated(task) {
      if (task.role !== 'manager') return;
      countRefused();
      const taking = deps.tasks.filter(takesJobs);
      if (taking.length > bounds.managers + placesForgotten())
        violate('the maximum is kept', `${taking.length} managers take jobs: ${taking.map(({ id }) => id)}`);
    },
    onManagerEnded({ task }) {
      checkAfter(bounds.orphan, () => {
        const orphan = deps.tasks.find((other) => other.startedBy === task.id && !hasStopped(other));
        if (orphan) violate('no job task outlives its manager', `${orphan.id} outlives ${task.id}`);
      });
    },
    onCut: ({ id }) => violate('no job is given to nobody', `job ${id}: its runner quit before the answer`),
    onStop,
    onTag,
    onQuiet: () => lookForZero(1),
  };
}

/** The truth about a manager: it runs or will run, and nobody drained it. */
function takesJobs(task: SimulatedTask): boolean {
  return (
    task.role === 'manager' &&
    statusOf(task).desiredStatus === 'RUNNING' &&
    tagValue(tagsOf(task), 'drain') === undefined
  );
}
