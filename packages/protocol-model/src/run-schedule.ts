import { type FleetConfig, MANAGER_FAMILY, parseFleetConfig } from '@serverless-gitlab-runner/fleet';
import { type FleetFacts, readWorld } from '@serverless-gitlab-runner/idle-reaper';
import { type Actor, createActor } from './actor.ts';
import { boundsOf } from './bounds.ts';
import { createClock, START } from './clock.ts';
import { createEcs, type EcsApi, type SimulatedEcs } from './ecs/simulated-ecs.ts';
import { createFaults } from './faults.ts';
import { createInvariants, type Invariants, type Violation } from './invariants.ts';
import { createBus } from './parts/bus.ts';
import { createGitLab, type GitLab } from './parts/gitlab.ts';
import { createJobTasks } from './parts/job-tasks.ts';
import { createLauncher, type Launcher } from './parts/launcher.ts';
import { createManagers, type Managers } from './parts/managers.ts';
import { createQueue } from './parts/queue.ts';
import { createReaper, type Reaper } from './parts/reaper.ts';
import { createRandom } from './random.ts';
import type { Schedule } from './schedule.ts';
import { NO_MUTATION, type Seams } from './seams.ts';
import { createWire } from './wire.ts';

export interface RunResult {
  violation: Violation | undefined;
  /** Of the whole run, for those who look at it. */
  jobs: GitLab['jobs'];
  tasks: SimulatedEcs['tasks'];
}

/** Runs one schedule to its end or to the first violation, in virtual time. The same schedule gives the same result. */
export async function runSchedule(schedule: Schedule, seams: Partial<Seams> = {}): Promise<RunResult> {
  const mutated = { ...NO_MUTATION, ...seams };
  const clock = createClock();
  const random = createRandom(schedule.seed);
  const faults = createFaults(schedule.faults, clock, random);
  const wire = createWire(clock, faults);
  const calmAt = START + schedule.faults.until * 1000;
  let isQuiet = false;

  // The parts know each other in circles; each is there before the first event.
  let launcher: Launcher;
  let reaper: Reaper;
  let managers: Managers;
  let gitlab: GitLab;
  let ecs: SimulatedEcs;
  const invariants: Invariants = createInvariants({
    schedule,
    bounds: boundsOf(schedule),
    clock,
    tasks: () => ecs.tasks,
    managers: () => managers,
    jobs: () => gitlab.jobs,
  });
  const onCrash = (error: unknown) =>
    invariants.violate('no crash', error instanceof Error ? (error.stack ?? error.message) : String(error));

  const jobTasks = createJobTasks({
    clock,
    random,
    ecs: () => ecs,
    deadManMs: schedule.deadMan ? DEAD_MAN_SECONDS * 1000 : undefined,
  });
  managers = createManagers({
    schedule,
    clock,
    random,
    faults,
    wire,
    ecs: () => ecs,
    gitlab: () => gitlab,
    jobTasks,
    onEnded: invariants.onManagerEnded,
  });
  ecs = createEcs({
    clock,
    random,
    faults,
    lagMs: schedule.lagMs,
    hooks: {
      onCreated(task) {
        if (task.role === 'job') return jobTasks.onCreated(task);
        managers.onCreated(task);
        invariants.onManagerCreated();
      },
      onTagged: (task) => managers.onTagged(task),
      onStopAsked: (task) => (task.role === 'job' ? jobTasks : managers).onStopAsked(task),
      onStopped(task) {
        if (task.role === 'job') jobTasks.onStopped(task);
        reaper.onStopped();
      },
    },
  });
  for (const startedBy of ['somebody', 'serverless-gitlab-runner'])
    ecs.add({ role: 'foreign', family: MANAGER_FAMILY, startedBy, jobId: undefined }, [{ key: 'role', value: 'job' }]);

  const queue = createQueue(clock, random, faults, () => launcher.onVisible());
  const bus = createBus(clock, random, faults, queue);
  const config = configOf(schedule);
  const changedAt = () => {
    const { token } = schedule;
    const mended = START + (token?.mendedAt ?? 0) * 1000;
    return token && clock.now() >= mended ? mended : START - 1000;
  };
  const watched = (by: Actor['kind']): EcsApi => watchedEcs(ecs, by, invariants);
  const launcherEcs = watched('launcher');
  const reaperEcs = watched('reaper');

  launcher = createLauncher({
    clock,
    random,
    wire,
    queue,
    ecs: () => mutated.launcherEcs(launcherEcs, random),
    config: mutated.launcherConfig(config),
    changedAt,
    keep: mutated.keep,
    onCrash,
  });
  reaper = createReaper({
    clock,
    random,
    faults,
    wire,
    bus,
    ecs: () => mutated.reaperEcs(reaperEcs, random),
    fleets: () => new Map([['default', fleetFacts(mutated.reaperConfig(config), changedAt(), isQuiet)]]),
    readWorld: mutated.readWorld ?? readWorld,
    onCrash,
  });
  gitlab = createGitLab({
    schedule,
    clock,
    random,
    bus,
    onQueued(job) {
      invariants.onQueued(job);
      managers.onPending();
    },
  });

  for (const { at, of } of schedule.deaths)
    clock.at(START + at * 1000, () => (of === 'manager' ? managers.dieSome() : dieSomeJobTask()));
  function dieSomeJobTask() {
    const running = ecs.tasks.filter(({ role, status }) => role === 'job' && status.at(-1)?.value.desiredStatus === 'RUNNING');
    const victim = running[random.between(0, running.length - 1)];
    if (victim) jobTasks.die(victim);
  }

  /** Once everything is done, safety launches are turned off, and there must be nothing after a while. */
  const lookForQuiet = () => {
    const allThere = gitlab.jobs.length === schedule.jobs.length;
    const isOver = gitlab.jobs.every(({ state }) => state === 'finished' || state === 'failed');
    if (!allThere || !isOver) return clock.after(QUIET_CHECK_MS, lookForQuiet);
    isQuiet = true;
    invariants.onQuiet();
  };
  clock.at(calmAt, lookForQuiet);

  await clock.run();
  return { violation: invariants.violation, jobs: gitlab.jobs, tasks: ecs.tasks };
}
