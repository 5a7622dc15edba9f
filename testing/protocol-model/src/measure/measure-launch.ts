import { createBus } from '../actors/bus.ts';
import { configOf, writtenAt } from '../actors/fleet-document.ts';
import { jobQueued } from '../actors/gitlab.ts';
import type { Latencies } from '../actors/latencies.ts';
import { MAX_CONCURRENCY, startLauncher } from '../actors/launcher.ts';
import { createQueue } from '../actors/queue.ts';
import { type AwsCall, createAwsCalls } from '../aws-calls.ts';
import { createClock } from '../clock.ts';
import { createEcs } from '../ecs/simulated-ecs.ts';
import { createFaults } from '../faults.ts';
import { NO_MUTATION } from '../overrides.ts';
import { createRandom } from '../random.ts';
import { NO_FAULTS } from '../schedule.ts';
import { createWire } from '../wire.ts';
import { scheduleOf } from './measured-fleet.ts';

export interface Launch {
  seed: number;
  /** Jobs of one batch; no manager runs. */
  jobs: number;
  concurrentJobs: number;
  max: number;
}

export interface LaunchReport {
  /** The launcher's calls to AWS, in order. */
  calls: readonly AwsCall[];
  managers: number;
}

/** All messages arrive at once, in one batch. */
const LATENCIES: Latencies = { webhook: () => 0, bus: () => 0, queue: () => 0, batchWindow: () => 1 };
/** Less than a message takes to come back. */
const ENDS_AFTER_MS = 5000;

/** Runs one invocation of the launcher for jobs that no manager waits for, in virtual time. */
export async function measureLaunch({ seed, jobs, concurrentJobs, max }: Launch): Promise<LaunchReport> {
  const schedule = scheduleOf({ seed, jobs: [], max, concurrentJobs });
  const clock = createClock();
  const random = createRandom(seed);
  const faults = createFaults(NO_FAULTS, clock, random);
  const calls: AwsCall[] = [];
  const awsCalls = createAwsCalls({
    clock,
    random,
    launchers: MAX_CONCURRENCY,
    managers: () => 0,
    onCall: (call) => calls.push(call),
  });
  const ecs = createEcs({ clock, random, faults, lagMs: 0 });
  const queue = createQueue(clock, random, faults, LATENCIES);
  const bus = createBus(clock, random, faults, queue, LATENCIES);
  startLauncher({
    clock,
    random,
    queue,
    latencies: LATENCIES,
    config: configOf(schedule),
    wire: createWire(clock, faults, awsCalls),
    ecs: () => ecs,
    changedAt: () => writtenAt(schedule, clock.now()),
    settled: NO_MUTATION.settled,
    keep: NO_MUTATION.keep,
    trace: () => {},
    onCrash(error) {
      throw error;
    },
  });
  bus.put(Array.from({ length: jobs }, (_, index) => jobQueued({ id: index + 1, queuedAt: clock.now() })));
  clock.after(ENDS_AFTER_MS, clock.stop);
  await clock.run();
  return { calls, managers: ecs.tasks.length };
}
