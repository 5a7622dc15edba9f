import {
  isAlive,
  type JobTaskFacts,
  jobTaskFacts,
  type ManagerFacts,
  managerFacts,
  takesJobs,
  taskIdNumber,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { decideManager, managerLimits } from '@serverless-gitlab-runner/idle-reaper';
import { planLaunch } from '@serverless-gitlab-runner/runner-launcher';
import {
  HOUR,
  LAUNCHER_AGAIN_SECONDS,
  LAUNCHER_SECONDS,
  LEAVE_SECONDS,
  MANAGER_BOOT_SECONDS,
  MANAGER_SIZE,
  managerPullSeconds,
  provisioningSeconds,
  SECOND,
  type StartModel,
  SWEEP_SECONDS,
} from '../model.ts';
import type { Policy } from '../policies.ts';
import { drawn } from '../random.ts';
import type { FleetSettings } from '../trace/trace.ts';
import type { Clock } from './clock.ts';
import { fargateUsd } from './compute.ts';

/** A manager of the simulated fleet. */
export interface Manager {
  facts: ManagerFacts;
  /** Milliseconds since the trace's begin. */
  readyAt: number;
  /** Jobs that it runs, by the number that the trace gives them. */
  jobs: Map<number, JobTaskFacts>;
  /** Its job tasks that ended within the hour, as ECS lists them. */
  ended: JobTaskFacts[];
}

/** A job that is queued at GitLab. */
export interface WaitingJob {
  jobId: number;
  /** Milliseconds since the trace's begin. */
  queuedAt: number;
}

export interface ManagerPoolDeps {
  clock: Clock;
  policy: Policy;
  settings: FleetSettings;
  model: StartModel;
  seed: number;
  /** Jobs that no manager has taken, the oldest first. */
  waiting(): readonly WaitingJob[];
  /** A manager was started; the first of a plan, for the jobs that wait. */
  onLaunched(manager: Manager, jobIds: readonly number[]): void;
  /** A manager asks GitLab for jobs from now on. */
  onReady(): void;
  /** A manager takes no more jobs. */
  onDrained(manager: Manager): void;
  onEnded(startedAt: number, endedAt: number, usd: number): void;
  /** False once every pipeline has ended. */
  isOver(): boolean;
}

export interface ManagerPool {
  /** A job was queued: its webhook reaches the launcher. */
  announce(): void;
  /** Managers that take jobs and have a place. */
  withPlaces(): Manager[];
  take(manager: Manager, jobId: number): void;
  finish(manager: Manager, jobId: number): void;
  /** Every pipeline has ended: whoever was kept on is judged as well. */
  close(): void;
}

/** The most that `manager.concurrentJobs` may be. */
const MOST_CONCURRENT_JOBS = 200;

const runnerQueue = { fleet: 'default', runnerTokenParameter: undefined };

/** Launcher, reaper and ECS around a fleet's managers, with the launcher's and the reaper's own decisions. */
export function createManagers(deps: ManagerPoolDeps): ManagerPool {
  const { clock, policy, model, seed } = deps;
  const alive = new Set<Manager>();
  const { max, concurrentJobs } = managerSettings(deps.policy, deps.settings);
  const limits = { ...managerLimits(undefined), idleSeconds: policy.idleMs / SECOND };
  let launched = 0;
  let planAt = Number.POSITIVE_INFINITY;
  let sweeps = false;

  const launch = (slot: number, jobIds: readonly number[]) => {
    const now = clock.now();
    const start = provisioningSeconds(model, drawn(seed, 'manager-start', launched));
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
    sweepLater();
  };

  const plan = () => {
    const now = clock.now();
    planAt = Number.POSITIVE_INFINITY;
    const waiting = deps.waiting();
    if (waiting.length === 0) return;
    const result = planLaunch({
      runnerQueue,
      max,
      concurrentJobs,
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
    planWithin(LAUNCHER_AGAIN_SECONDS);
  };

  const planWithin = (seconds: number) => {
    const time = clock.now() + seconds * SECOND;
    if (time >= planAt) return;
    planAt = time;
    clock.at(time, () => {
      if (planAt === time) plan();
    });
  };

  const sweepLater = () => {
    if (sweeps) return;
    sweeps = true;
    clock.at(clock.now() + SWEEP_SECONDS * SECOND, () => {
      sweeps = false;
      for (const manager of alive) if (!isPermanent(manager)) judge(manager);
      if ([...alive].some((manager) => !isPermanent(manager))) sweepLater();
    });
  };

  const isPermanent = ({ facts }: Manager) => policy.alwaysOn && facts.slot === 1 && !deps.isOver();

  const judge = (manager: Manager) => {
    const now = clock.now();
    manager.ended = manager.ended.filter(({ stoppedAt = 0 }) => now - stoppedAt < HOUR);
    const jobTasks = [...manager.jobs.values(), ...manager.ended];
    const decision = decideManager({ manager: manager.facts, jobTasks, limits, fleetExists: true, now });
    if (decision.kind !== 'drain') return;
    manager.facts.drainAt = now;
    deps.onDrained(manager);
    leaveIfDone(manager);
  };

  const leaveIfDone = (manager: Manager) => {
    const { facts, jobs } = manager;
    if (facts.drainAt === undefined || jobs.size > 0) return;
    clock.at(clock.now() + LEAVE_SECONDS * SECOND, () => {
      if (!alive.delete(manager)) return;
      facts.state = 'stopped';
      facts.stoppedAt = clock.now();
      const begin = manager.readyAt - (managerPullSeconds(model) + MANAGER_BOOT_SECONDS) * SECOND;
      deps.onEnded(begin, clock.now(), fargateUsd(MANAGER_SIZE, (clock.now() - begin) / SECOND));
    });
  };

  if (policy.alwaysOn) launch(1, []);

  return {
    announce: () => planWithin(LAUNCHER_SECONDS),
    withPlaces: () =>
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
      leaveIfDone(manager);
    },
    close: sweepLater,
  };
}

/** `manager.max` and `manager.concurrentJobs` of a fleet under a policy. */
export function managerSettings(
  { oneManager }: Policy,
  { maxManagers, concurrentJobs }: FleetSettings,
): { max: number; concurrentJobs: number } {
  if (!oneManager) return { max: maxManagers, concurrentJobs };
  const places = maxManagers * concurrentJobs;
  return {
    max: Math.ceil(places / MOST_CONCURRENT_JOBS),
    concurrentJobs: Math.min(MOST_CONCURRENT_JOBS, places),
  };
}
