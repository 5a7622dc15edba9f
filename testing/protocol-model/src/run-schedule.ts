import { readClusterState } from '@serverless-gitlab-runner/idle-reaper';
import { createBus } from './actors/bus.ts';
import { configOf, fleetFacts, writtenAt } from './actors/fleet-document.ts';
import { createGitLab, type GitLab, isOver } from './actors/gitlab.ts';
import { createJobTasks } from './actors/job-tasks.ts';
import { createLatencies } from './actors/latencies.ts';
import { MAX_CONCURRENCY, startLauncher } from './actors/launcher.ts';
import { createManagers } from './actors/managers.ts';
import { createQueue } from './actors/queue.ts';
import { startReaper } from './actors/reaper.ts';
import { type AwsCall, createAwsCalls } from './aws-calls.ts';
import { boundsOf, DEAD_MAN_SECONDS } from './bounds.ts';
import { createClock, START } from './clock.ts';
import { createEcs, type SimulatedEcs } from './ecs/simulated-ecs.ts';
import { watchedEcs } from './ecs/watched-ecs.ts';
import { createFaults } from './faults.ts';
import { createInvariants, type Violation } from './invariants.ts';
import { NO_MUTATION, type Overrides } from './overrides.ts';
import { createRandom } from './random.ts';
import type { Schedule } from './schedule.ts';
import { traceEvents, traceWriter } from './trace.ts';
import { createWire } from './wire.ts';

export interface RunResult {
  violation: Violation | undefined;
  jobs: GitLab['jobs'];
  tasks: SimulatedEcs['tasks'];
}

/** How a run is measured. */
export interface Measurement {
  /** Called for each call to AWS. Processes then keep to their shares of ECS's rates, and managers make all their reads. */
  onCall(call: AwsCall): void;
  /** Seconds from the start after which the run ends. Default: when nothing is left to do. */
  until?: number;
}

const IDLE_CHECK_MS = 10_000;
/** Maximum time that messages come back after the last job has ended. */
const MESSAGES_END_MS = 1_500_000;

/** Runs one schedule in virtual time, to its end or to the first violation. Deterministic for a schedule. */
export async function runSchedule(
  schedule: Schedule,
  overrides: Partial<Overrides> = {},
  trace?: (line: string) => void,
  measurement?: Measurement,
): Promise<RunResult> {
  const effective = { ...NO_MUTATION, ...overrides };
  const clock = createClock();
  const random = createRandom(schedule.seed);
  const faults = createFaults(schedule.faults, clock, random);
  const awsCalls =
    measurement &&
    createAwsCalls({
      clock,
      random,
      launchers: MAX_CONCURRENCY,
      managers: () => managers.running(),
      onCall: measurement.onCall,
    });
  const wire = createWire(clock, faults, awsCalls);
  const ecs = createEcs({ clock, random, faults, lagMs: schedule.lagMs });
  const latencies = createLatencies(schedule, random);
  const queue = createQueue(clock, random, faults, latencies);
  const bus = createBus(clock, random, faults, queue, latencies);
  const gitlab = createGitLab({ schedule, clock, random, bus, latencies });
  const deadManMs = schedule.deadMan ? DEAD_MAN_SECONDS * 1000 : undefined;
  const jobTasks = createJobTasks({ clock, random, ecs, deadManMs });
  const { nextClosingStep } = effective;
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
    readsAll: measurement !== undefined,
  });
  const { jobs } = gitlab;
  const { tasks } = ecs;
  const invariants = createInvariants({ schedule, bounds: boundsOf(schedule), clock, tasks, managers, jobs });
  ecs.listeners.push({ onCreated: invariants.onCreated });
  managers.listeners.push(invariants.onManagerEnded);
  managers.cutListeners.push(invariants.onCut);
  gitlab.listeners.push(invariants.onQueued);

  const write = traceWriter(clock, trace);
  if (trace) traceEvents(ecs, managers, gitlab, write);
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
    ecs: () => effective.launcherEcs(launcherEcs, random),
    config: effective.launcherConfig(config),
    changedAt: () => writtenAt(schedule, clock.now()),
    settled: effective.settled,
    keep: effective.keep,
    trace: traceOf('launcher'),
    onCrash,
  });
  let isIdle = false;
  const reaperEcs = watchedEcs(ecs, 'reaper', invariants);
  startReaper({
    clock,
    random,
    faults,
    wire,
    bus,
    listeners: ecs.listeners,
    ecs: () => effective.reaperEcs(reaperEcs, random),
    fleets: () => fleetFacts(effective.reaperConfig(config), writtenAt(schedule, clock.now()), isIdle),
    readClusterState: effective.readClusterState ?? readClusterState,
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

  /** When everything is done, turns safety launches off; no tasks may be left after a while. */
  let overAt: number | undefined;
  const checkForIdle = () => {
    const areOver = jobs.every(isOver);
    if (areOver && jobs.length === schedule.jobs.length) overAt ??= clock.now();
    if (overAt !== undefined && clock.now() - overAt > MESSAGES_END_MS)
      return invariants.violate('no message stays in the queue', `${queue.size()} messages are left`);
    if (jobs.length < schedule.jobs.length || !areOver || queue.size() > 0)
      return clock.after(IDLE_CHECK_MS, checkForIdle);
    isIdle = true;
    invariants.onIdleFleet();
  };
  clock.at(START + schedule.faults.until * 1000, checkForIdle);

  if (measurement?.until !== undefined) clock.at(START + measurement.until * 1000, clock.stop);
  await clock.run();
  return { violation: invariants.violation, jobs, tasks };
}
