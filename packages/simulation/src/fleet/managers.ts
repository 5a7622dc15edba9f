import {
  isAlive,
  type JobTaskFacts,
  jobTaskFacts,
  type ManagerFacts,
  managerFacts,
  takesJobs,
  taskIdNumber,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { DEFAULT_MANAGER_SIZE } from '@serverless-gitlab-runner/fleet';
import { decideManager, managerLimits } from '@serverless-gitlab-runner/idle-reaper/decisions';
import { planLaunch } from '@serverless-gitlab-runner/runner-launcher/decisions';
import {
  DRAIN_SECONDS,
  HOUR,
  LAUNCHER_RECHECK_SECONDS,
  LAUNCHER_SECONDS,
  MANAGER_BOOT_SECONDS,
  managerPullSeconds,
  provisioningSeconds,
  SECOND,
  type StartModel,
  SWEEP_SECONDS,
} from '../model.ts';
import type { Policy } from '../policies.ts';
import { draw } from '../random.ts';
import type { FleetSettings } from '../trace.ts';
import type { Clock } from './clock.ts';
import { fargateUsd } from './compute.ts';

/** A manager of the simulated fleet. */
export interface Manager {
  facts: ManagerFacts;
  /** Milliseconds since the start of the trace. */
  readyAt: number;
  /** Running jobs by their id in the trace. */
  jobs: Map<number, JobTaskFacts>;
  /** Its job tasks that ended within the last hour, as ECS lists them. */
  ended: JobTaskFacts[];
}

/** A job queued at GitLab. */
export interface WaitingJob {
  jobId: number;
  /** Milliseconds since the start of the trace. */
  queuedAt: number;
}

export interface ManagerPoolDeps {
  clock: Clock;
  policy: Policy;
  settings: FleetSettings;
  model: StartModel;
  seed: number;
  /** Jobs that no manager has taken, oldest first. */
  waiting(): readonly WaitingJob[];
  /** A manager was started. @param jobIds the waiting jobs, for the first manager of a plan; otherwise empty */
  onLaunched(manager: Manager, jobIds: readonly number[]): void;
  /** A manager now requests jobs from GitLab. */
  onReady(): void;
  /** A manager takes no more jobs. */
  onDrained(manager: Manager): void;
  onEnded(startedAt: number, endedAt: number, usd: number): void;
  /** True once every pipeline has ended. */
  isFinished(): boolean;
}

export interface ManagerPool {
  /** Delivers the webhook of a queued job to the launcher. */
  jobQueued(): void;
  /** Managers that take jobs and have capacity for one. */
  withCapacity(): Manager[];
  take(manager: Manager, jobId: number): void;
  finish(manager: Manager, jobId: number): void;
  /** Every pipeline has ended: the manager that is always on may be drained as well. */
  close(): void;
}

/** Maximum of `manager.concurrentJobs`. */
const MAX_CONCURRENT_JOBS = 200;

const runnerQueue = { fleet: 'default', runnerTokenParameter: undefined };

/** Simulates launcher, reaper and ECS for a fleet's managers, with the real decisions of launcher and reaper. */
export function createManagers(deps: ManagerPoolDeps): ManagerPool {
  const { clock, policy, model, seed } = deps;
  const alive = new Set<Manager>();
  const { max, concurrentJobs } = managerSettings(deps.policy, deps.settings);
  const { managerTask: task = DEFAULT_MANAGER_SIZE, prices } = deps.settings;
  const limits = {
    ...(deps.settings.managerLimits ?? managerLimits(undefined)),
    idleSeconds: policy.idleMs / SECOND,
  };
  let launched = 0;
  let planAt = Number.POSITIVE_INFINITY;
  let isSweepScheduled = false;

  const launch = (slot: number, jobIds: readonly number[]) => {
    const now = clock.now();
    const start = provisioningSeconds(model, draw(seed, 'manager-start', launched));
    launched += 1;
    const readyAt = now + (start + managerPullSeconds(model) + MANAGER_BOOT_SECONDS) * SECOND;
    const facts = managerFacts({
      taskId: taskIdNumber(launched),
      taskArn: `manager/${launched}`,
      state: 'starting',
      createdAt: now,
      startedAt: undefined,
      demandAt: now,
      slot,
    });
    const manager: Manager = { facts, readyAt, jobs: new Map(), ended: [] };
    alive.add(manager);
    deps.onLaunched(manager, jobIds);
    clock.at(readyAt, () => {
      facts.state = 'running';
      facts.startedAt = readyAt;
      deps.onReady();
    });
    scheduleSweep();
  };

  const plan = () => {
    const now = clock.now();
    planAt = Number.POSITIVE_INFINITY;
    const waiting = deps.waiting();
    if (waiting.length === 0) return;
    const result = planLaunch({
      runnerQueue,
      ...limits,
      max,
      concurrentJobs,
      endedTasks: undefined,
      managers: [...alive].map(({ facts }) => facts),
      jobTasks: [...alive].flatMap(({ jobs }) => [...jobs.values()]),
      requests: waiting.map(({ jobId, queuedAt }) => ({ eventId: `${jobId}`, jobId, requestedAt: queuedAt })),
      expectedJobs: [],
      startedJobs: new Set(),
      mayLaunch: true,
      now,
    });
    for (const facts of result.mark) facts.demandAt = now;
    const jobIds = waiting.map(({ jobId }) => jobId);
    for (const [index, slot] of result.launch.entries()) launch(slot, index === 0 ? jobIds : []);
    schedulePlan(LAUNCHER_RECHECK_SECONDS);
  };

  const schedulePlan = (seconds: number) => {
    const time = clock.now() + seconds * SECOND;
    if (time >= planAt) return;
    planAt = time;
    clock.at(time, () => {
      if (planAt === time) plan();
    });
  };

  const scheduleSweep = () => {
    if (isSweepScheduled) return;
    isSweepScheduled = true;
    clock.at(clock.now() + SWEEP_SECONDS * SECOND, () => {
      isSweepScheduled = false;
      for (const manager of alive) if (!isPermanent(manager)) drainIfIdle(manager);
      if ([...alive].some((manager) => !isPermanent(manager))) scheduleSweep();
    });
  };

  const isPermanent = ({ facts }: Manager) => policy.alwaysOn && facts.slot === 1 && !deps.isFinished();

  const drainIfIdle = (manager: Manager) => {
    const now = clock.now();
    manager.ended = manager.ended.filter(({ stoppedAt = 0 }) => now - stoppedAt < HOUR);
    const jobTasks = [...manager.jobs.values(), ...manager.ended];
    const decision = decideManager({ manager: manager.facts, jobTasks, limits, fleetExists: true, now });
    if (decision.kind !== 'drain') return;
    manager.facts.drainAt = now;
    deps.onDrained(manager);
    stopIfDrained(manager);
  };

  const stopIfDrained = (manager: Manager) => {
    const { facts, jobs } = manager;
    if (facts.drainAt === undefined || jobs.size > 0) return;
    clock.at(clock.now() + DRAIN_SECONDS * SECOND, () => {
      if (!alive.delete(manager)) return;
      facts.state = 'stopped';
      facts.stoppedAt = clock.now();
      const begin = manager.readyAt - (managerPullSeconds(model) + MANAGER_BOOT_SECONDS) * SECOND;
      deps.onEnded(begin, clock.now(), fargateUsd(task, (clock.now() - begin) / SECOND, prices));
    });
  };

  if (policy.alwaysOn) launch(1, []);

  return {
    jobQueued: () => schedulePlan(LAUNCHER_SECONDS),
    withCapacity: () =>
      [...alive].filter(
        ({ facts, jobs }) => facts.state === 'running' && takesJobs(facts) && jobs.size < concurrentJobs,
      ),
    take(manager, jobId) {
      const now = clock.now();
      const task = jobTaskFacts({
        taskId: `${jobId}`,
        taskArn: `job/${jobId}`,
        jobId,
        managerTaskId: manager.facts.taskId,
        createdAt: now,
        startedAt: now,
      });
      manager.jobs.set(jobId, task);
    },
    finish(manager, jobId) {
      const task = manager.jobs.get(jobId);
      if (task === undefined || !isAlive(task)) return;
      manager.jobs.delete(jobId);
      task.state = 'stopped';
      task.stoppedAt = clock.now();
      manager.ended.push(task);
      stopIfDrained(manager);
    },
    close: scheduleSweep,
  };
}

/** `manager.max` and `manager.concurrentJobs` of a fleet with a policy. */
export function managerSettings(
  { oneManager }: Policy,
  { maxManagers, concurrentJobs }: FleetSettings,
): { max: number; concurrentJobs: number } {
  if (!oneManager) return { max: maxManagers, concurrentJobs };
  const capacity = maxManagers * concurrentJobs;
  return {
    max: Math.ceil(capacity / MAX_CONCURRENT_JOBS),
    concurrentJobs: Math.min(MAX_CONCURRENT_JOBS, capacity),
  };
}
