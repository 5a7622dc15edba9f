import { RUNNER_TOKEN_REFUSED_EXIT_CODE, tagValue } from '@serverless-gitlab-runner/fleet';
import { drainPollSeconds, type nextClosingStep } from '@serverless-gitlab-runner/runner-manager';
import { type Actor, createActor, kill } from '../actor.ts';
import type { Clock } from '../clock.ts';
import type { SimulatedEcs } from '../ecs/simulated-ecs.ts';
import { isStripped } from '../ecs/simulated-ecs.ts';
import { type SimulatedTask, statusOf, tagsOf } from '../ecs/simulated-task.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';
import type { Wire } from '../wire.ts';
import { createJobRequests, DRAIN_TIMEOUT_MS, type RequestingRunner, STOP_TIMEOUT_MS } from './ask-gitlab.ts';
import type { GitLab, GitLabJob } from './gitlab.ts';
import { letGoAll, runJob, type SessionDeps, stopTask } from './job-session.ts';
import type { JobTasks } from './job-tasks.ts';
import { startManagerReads } from './manager-reads.ts';

/** The process in a manager's task. */
export type Manager = Readonly<Pick<LiveManager, 'task' | 'actor' | 'phase' | 'jobs' | 'answer' | 'endedAt'>>;

export interface Managers {
  /** Kills a random running manager. */
  dieSome(): void;
  /** Stops a random manager by an operator's StopTask. */
  stopSome(): void;
  of(task: SimulatedTask): Manager | undefined;
  /** Number of managers that run. */
  running(): number;
  /** Called for each manager that ended. */
  readonly listeners: ((manager: Manager) => void)[];
  /** Called for each job that GitLab assigned to a request that the runner had cut. */
  readonly cutListeners: ((job: GitLabJob) => void)[];
}

export interface ManagerDeps {
  schedule: Schedule;
  clock: Clock;
  random: Random;
  faults: Faults;
  wire: Wire;
  ecs: SimulatedEcs;
  gitlab: GitLab;
  jobTasks: JobTasks;
  nextClosingStep: typeof nextClosingStep;
  /** Whether managers also make the reads from which they learn nothing new here. */
  readsAll: boolean;
}

interface LiveManager extends RequestingRunner {
  readonly task: SimulatedTask;
  readonly actor: Actor;
  session: SessionDeps;
  endedAt: number | undefined;
  exitCode: number;
  isWatching: boolean;
  hangs: boolean;
}

const TOKEN_CHECK_MS = 120_000;
/** Time that a stopped manager gives its jobs. */
const FINISH_MS = 90_000;
/** Time until ECS kills a stopped manager. */
const KILLED_MS = 120_000;
const KILLED_EXIT_CODE = 137;

export function createManagers(deps: ManagerDeps): Managers {
  const { schedule, clock, random, faults, wire, ecs, gitlab, jobTasks } = deps;
  const managers = new Map<SimulatedTask, LiveManager>();
  const listeners: Managers['listeners'] = [];
  const cutListeners: Managers['cutListeners'] = [];
  const running = () => [...managers.values()].filter(({ phase }) => phase !== 'ended').length;
  const pollMs = () => drainPollSeconds(schedule.fleet.drainPollSeconds, running()) * 1000;
  const { poll, close } = createJobRequests<LiveManager>({
    ...deps,
    concurrentJobs: schedule.fleet.concurrentJobs,
    run: (manager, job) => runJob(manager.session, job),
    onIdle: (manager) => leaveWhenDone(manager),
    onCut: (job) => {
      for (const listener of cutListeners) listener(job);
    },
  });

  const end = (manager: LiveManager, exitCode: number) => {
    if (manager.phase === 'ended') return;
    manager.phase = 'ended';
    manager.endedAt = clock.now();
    kill(manager.actor);
    for (const job of manager.jobs) job.state = 'failed';
    manager.jobs.clear();
    if (manager.answer) manager.answer.state = 'failed';
    for (const task of ecs.tasks) if (task.startedBy === manager.task.id) jobTasks.stopHeartbeats(task);
    setStopping(manager.task, exitCode);
    for (const listener of listeners) listener(manager);
  };

  const setStopping = (task: SimulatedTask, exitCode?: number) => {
    const { stoppingAt = clock.now() } = statusOf(task);
    const ended = exitCode === undefined ? {} : { exitCode };
    ecs.setStatus(task, { desiredStatus: 'STOPPED', stoppingAt, ...ended });
    clock.after(random.between(1000, 15_000), () =>
      ecs.setStatus(task, { lastStatus: 'STOPPED', stoppedAt: clock.now() }),
    );
  };

  const start = (manager: LiveManager) => {
    const { task } = manager;
    if (statusOf(task).desiredStatus === 'STOPPED') return;
    if (faults.hits(faults.rates().startFailing)) return end(manager, 1);
    ecs.setStatus(task, { lastStatus: 'RUNNING', startedAt: clock.now() });
    clock.after(random.between(300, 2000), () => {
      if (manager.phase !== 'starting' || !manager.actor.alive) return;
      if (gitlab.refusesToken()) return end(manager, RUNNER_TOKEN_REFUSED_EXIT_CODE);
      void takeJobs(manager);
    });
  };

  /** A manager reads its own tags before it takes the first job. */
  const takeJobs = async (manager: LiveManager) => {
    if (await isDrained(manager)) return end(manager, 0);
    if (manager.phase !== 'starting') return;
    manager.phase = 'taking';
    checkToken(manager);
    poll(manager);
    if (deps.readsAll)
      startManagerReads({ ...deps, actor: manager.actor, jobTasks: manager.session.started });
    if (deps.readsAll || tagValue(tagsOf(manager.task), 'drain') !== undefined) watch(manager, pollMs());
  };

  const isDrained = async ({ actor, task }: LiveManager): Promise<boolean> => {
    try {
      const { tags } = await wire.call(actor, 'ListTagsForResource', () => ecs.listTags(task.arn));
      return tagValue(tags, 'drain') !== undefined;
    } catch {
      return false;
    }
  };

  const checkToken = (manager: LiveManager) => {
    if (schedule.token === undefined) return;
    clock.after(TOKEN_CHECK_MS, () => {
      if (manager.phase !== 'taking') return;
      if (!gitlab.refusesToken()) return checkToken(manager);
      manager.exitCode = RUNNER_TOKEN_REFUSED_EXIT_CODE;
      close(manager, DRAIN_TIMEOUT_MS);
    });
  };

  /** Polls its own tags until they contain a drain mark. */
  const watch = (manager: LiveManager, firstPollMs: number) => {
    if (manager.isWatching || manager.phase !== 'taking') return;
    manager.isWatching = true;
    const pollTags = async (waitMs: number): Promise<void> => {
      await wire.sleep(manager.actor, waitMs);
      if (await isDrained(manager)) {
        void letGoAll(manager.session);
        return close(manager, DRAIN_TIMEOUT_MS);
      }
      return pollTags(pollMs());
    };
    void pollTags(firstPollMs);
  };

  const leaveWhenDone = (manager: LiveManager) => {
    if (manager.phase === 'finishing' && manager.jobs.size === 0) void leave(manager);
  };

  const leave = async (manager: LiveManager) => {
    manager.phase = 'leaving';
    if (manager.hangs) return;
    const { actor, task, session } = manager;
    try {
      const { taskArns } = await wire.call(actor, 'ListTasks', () => ecs.listTasks({ startedBy: task.id }));
      for (const arn of taskArns) await stopTask(session, { arn });
    } catch {}
    await wire.sleep(actor, random.between(200, 3000));
    end(manager, manager.exitCode);
  };

  gitlab.listeners.push(() => {
    for (const manager of managers.values()) poll(manager);
  });
  ecs.listeners.push({
    onCreated(task) {
      if (task.role !== 'manager') return;
      const actor = createActor('manager');
      const manager: LiveManager = {
        task,
        actor,
        phase: 'starting',
        jobs: new Set(),
        endedAt: undefined,
        session: {
          actor,
          managerId: task.id,
          wire,
          ecs,
          jobTasks,
          clock,
          random,
          aheadPercent: schedule.fleet.aheadPercent ?? 0,
          waiting: [],
          started: new Map(),
        },
        answer: undefined,
        closing: undefined,
        exitCode: 0,
        isPolling: false,
        isWatching: false,
        hangs: random.chance(faults.rates().hanging),
      };
      managers.set(task, manager);
      const { min, max } = (faults.on() && schedule.slowStart) || schedule.managerStart;
      clock.after(random.between(min * 1000, max * 1000), () => start(manager));
    },
    onTagged(task) {
      const manager = managers.get(task);
      if (manager && tagValue(tagsOf(task), 'drain') !== undefined)
        watch(manager, random.between(0, pollMs()));
    },
    onStopRequested(task) {
      const manager = managers.get(task);
      if (manager === undefined) return;
      if (statusOf(task).lastStatus !== 'RUNNING' || manager.phase === 'starting') return end(manager, 143);
      ecs.setStatus(task, { desiredStatus: 'STOPPED', stoppingAt: clock.now() });
      void letGoAll(manager.session);
      close(manager, STOP_TIMEOUT_MS);
      clock.after(FINISH_MS, () => {
        for (const job of manager.jobs) job.state = 'failed';
        manager.jobs.clear();
        leaveWhenDone(manager);
      });
      clock.after(KILLED_MS, () => end(manager, KILLED_EXIT_CODE));
    },
  });

  const randomManager = () => {
    const alive = [...managers.values()].filter(({ phase }) => phase !== 'ended');
    return alive[random.between(0, alive.length - 1)];
  };

  return {
    dieSome() {
      const victim = randomManager();
      if (victim) end(victim, KILLED_EXIT_CODE);
    },
    stopSome() {
      const victim = randomManager();
      if (victim && !isStripped(victim.task))
        ecs.stopTask({ task: victim.task.arn, reason: 'by an operator' });
    },
    of: (task) => managers.get(task),
    running,
    listeners,
    cutListeners,
  };
}
