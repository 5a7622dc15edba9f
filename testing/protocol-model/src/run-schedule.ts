import { readClusterState } from '@serverless-gitlab-runner/idle-reaper';
import { createBus } from './actors/bus.ts';
import { configOf, fleetFacts, writtenAt } from './actors/fleet-document.ts';
import { createGitLab, type GitLab } from './actors/gitlab.ts';
import { createJobTasks } from './actors/job-tasks.ts';
import { createLatencies } from './actors/latencies.ts';
import { startLauncher } from './actors/launcher.ts';
import { createManagers } from './actors/managers.ts';
import { createQueue } from './actors/queue.ts';
import { startReaper } from './actors/reaper.ts';
import { boundsOf, DEAD_MAN_SECONDS } from './bounds.ts';
import { createClock, START } from './clock.ts';
import { createEcs, type SimulatedEcs } from './ecs/simulated-ecs.ts';
import { watchedEcs } from './ecs/watched-ecs.ts';
import { createFaults } from './faults.ts';
import { createInvariants, type Violation } from './invariants.ts';
import { NO_MUTATION, type Overrides } from './overrides.ts';
import { createRandom } from './random.ts';
import type { Schedule } from './schedule.ts';
import { traceWorld, traceWriter } from './trace.ts';
import { createWire } from './wire.ts';

export interface RunResult {
  violation: Violation | undefined;
  jobs: GitLab['jobs'];
  tasks: SimulatedEcs['tasks'];
}

const QUIET_CHECK_MS = 10_000;
/** Once no job waits any more, no message comes back for longer. */
const MESSAGES_END_MS = 1_500_000;

/** Runs one schedule to its end or to the first violation, in virtual time. The same schedule gives the same result. */
export async function runSchedule(
  schedule: Schedule,
  overrides: Partial<Overrides> = {},
  trace?: (line: string) => void,
): Promise<RunResult> {
  const mutated = { ...NO_MUTATION, ...overrides };
  const clock = createClock();
  const random = createRandom(schedule.seed);
  const faults = createFaults(schedule.faults, clock, random);
  const wire = createWire(clock, faults);
  const ecs = createEcs({ clock, random, faults, lagMs: schedule.lagMs });
  const latencies = createLatencies(schedule, random);
  const queue = createQueue(clock, random, faults, latencies);
  const bus = createBus(clock, random, faults, queue, latencies);
  const gitlab = createGitLab({ schedule, clock, random, bus, latencies });
  const deadManMs = schedule.deadMan ? DEAD_MAN_SECONDS * 1000 : undefined;
  const jobTasks = createJobTasks({ clock, random, ecs, deadManMs });
  const { nextClosingStep } = mutated;
  const managers = createManagers({
    schedule,
    clock,
    random,
    faults,
    wire,
    ecs,
    gitlab,
    jobTasks,
    nextClosingStep,
  });
  const { jobs } = gitlab;
  const { tasks } = ecs;
  const invariants = createInvariants({ schedule, bounds: boundsOf(schedule), clock, tasks, managers, jobs });
  ecs.listeners.push({ onCreated: invariants.onCreated });
  managers.listeners.push(invariants.onManagerEnded);
  managers.cutListeners.push(invariants.onCut);
  gitlab.listeners.push(invariants.onQueued);

  const write = traceWriter(clock, trace);
  if (trace) traceWorld(ecs, managers, gitlab, write);
  const traceOf = (by: string) => (message: string, fields: object) => write(`${by}: ${message}`, fields);
  const config = configOf(schedule);
  const onCrash = (error: unknown) =>
    invariants.violate('no crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
  const launcherEcs = watchedEcs(ecs, 'launcher', invariants);
  startLauncher({
    clock,
    random,
    wire,
    queue,
    latencies,
    ecs: () => mutated.launcherEcs(launcherEcs, random),
    config: mutated.launcherConfig(config),
    changedAt: () => writtenAt(schedule, clock.now()),
    settled: mutated.settled,
    keep: mutated.keep,
    trace: traceOf('launcher'),
    onCrash,
  });
  let isQuiet = false;
  const reaperEcs = watchedEcs(ecs, 'reaper', invariants);
  startReaper({
    clock,
    random,
    faults,
    wire,
    bus,
    listeners: ecs.listeners,
    ecs: () => mutated.reaperEcs(reaperEcs, random),
    fleets: () => fleetFacts(mutated.reaperConfig(config), writtenAt(schedule, clock.now()), isQuiet),
    readClusterState: mutated.readClusterState ?? readClusterState,
    trace: traceOf('reaper'),
    beforeSweep: gitlab.beforeSweep,
    onCrash,
  });

  for (const startedBy of ['somebody', 'serverless-gitlab-runner'])
    ecs.add(
      {
        role: 'foreign',
        family: 'web',
        startedBy,
        group: 'family:web',
        overrides: undefined,
        jobId: undefined,
      },
      [{ key: 'role', value: 'job' }],
    );
  for (const { at, of } of schedule.deaths)
    clock.at(START + at * 1000, () => {
      if (of === 'stopped manager') managers.stopSome();
      else (of === 'manager' ? managers : jobTasks).dieSome();
    });

  /** Once everything is done, safety launches are turned off, and there must be nothing after a while. */
  let overAt: number | undefined;
  const lookForQuiet = () => {
    const isOver = jobs.every(({ state }) => state === 'finished' || state === 'failed');
    if (isOver && jobs.length === schedule.jobs.length) overAt ??= clock.now();
    if (overAt !== undefined && clock.now() - overAt > MESSAGES_END_MS)
      return invariants.violate('every message ends', `${queue.size()} are left`);
    if (jobs.length < schedule.jobs.length || !isOver || queue.size() > 0)
      return clock.after(QUIET_CHECK_MS, lookForQuiet);
    isQuiet = true;
    invariants.onQuiet();
  };
  clock.at(START + schedule.faults.until * 1000, lookForQuiet);

  await clock.run();
  return { violation: invariants.violation, jobs, tasks };
}
