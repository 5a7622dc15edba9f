import { estimateCostUsd, type FargateSize, fargatePricesOf } from '@serverless-gitlab-runner/fleet';
import {
  CODEBUILD_MINUTE_USD,
  CODEBUILD_PROVISIONING_SECONDS,
  drawStart,
  INSTANCE_DISK_HOUR_USD,
  INSTANCE_GIB_PER_VCPU,
  INSTANCE_START_SECONDS,
  INSTANCE_TASK_SECONDS,
  INSTANCE_USABLE_MEMORY,
  INSTANCE_VCPU_HOUR_USD,
  MINUTE,
  SECOND,
  type StartModel,
  TASK_END_SECONDS,
} from '../model.ts';
import type { TaskPlacement, TaskPrices } from '../trace.ts';
import type { Clock } from './clock.ts';

/** Requirements of a task. */
export interface TaskNeeds extends FargateSize {
  shape: string;
  /** Compressed megabytes of the job's own image. */
  imageMb: number;
  placement?: TaskPlacement;
}

/** A started task. Times are milliseconds since the start of the trace. */
export interface StartedTask {
  startedAt: number;
  /** When it can run a script. */
  readyAt: number;
  /** Seconds from `startedAt` to `readyAt`. */
  startSeconds: number;
  /** Cost until a time, without the minimum charge of a whole task. */
  usdUntil(time: number): number;
  /** Ends the task now or at a later time. Returns its total cost. */
  end(time: number): number;
}

export interface Compute {
  /** @param sample uniform random number, 0 to 1, that selects the start time */
  start(needs: TaskNeeds, sample: number): StartedTask;
  /** Cost since the last call that does not belong to single tasks: a fleet's instances. */
  sharedUsd(): number;
}

const ON_DEMAND: TaskPlacement = { architecture: 'X86_64', capacityProvider: 'FARGATE' };
const US_PRICES: TaskPrices = { prices: fargatePricesOf('us-east-1').prices, hasPublicIp: false };

/** What is billed of a Fargate task. */
type BilledTask = FargateSize & { placement?: TaskPlacement };

/** Cost of a Fargate task; at least 60 s are billed. Default: x86 on demand in us-east-1, without public address. */
export function fargateUsd(task: BilledTask, seconds: number, prices: TaskPrices = US_PRICES): number {
  const { cpu, memory, placement = ON_DEMAND } = task;
  return estimateCostUsd({ cpu, memory, ...placement, ...prices, seconds });
}

/** Cost without the minimum charge. */
function fargateUsdBySecond(task: BilledTask, seconds: number, prices?: TaskPrices): number {
  return (fargateUsd(task, 3600, prices) * Math.max(0, seconds)) / 3600;
}

/** A task per job, billed from the start of its pull. */
export function fargate(clock: Clock, model: StartModel, prices?: TaskPrices): Compute {
  return {
    start(needs, sample) {
      const startedAt = clock.now();
      const { startSeconds, billedSeconds } = drawStart(model, needs, sample);
      const readyAt = startedAt + startSeconds * SECOND;
      const billedFrom = readyAt - billedSeconds * SECOND;
      const secondsAt = (time: number) => (time - billedFrom) / SECOND;
      return {
        startedAt,
        readyAt,
        startSeconds,
        usdUntil: (time) => fargateUsdBySecond(needs, secondsAt(time), prices),
        // A task stopped before its pull costs nothing.
        end: (time) =>
          time <= billedFrom ? 0 : fargateUsd(needs, secondsAt(time) + TASK_END_SECONDS, prices),
      };
    },
    sharedUsd: () => 0,
  };
}

/** Every task is ready immediately and billed by the second. */
export function instant(clock: Clock): Compute {
  return {
    start(needs) {
      const startedAt = clock.now();
      const usdUntil = (time: number) => fargateUsdBySecond(needs, (time - startedAt) / SECOND);
      return { startedAt, readyAt: startedAt, startSeconds: 0, usdUntil, end: usdUntil };
    },
    sharedUsd: () => 0,
  };
}

/** A build per job, without manager and helper. */
export function codebuild(clock: Clock, model: StartModel): Compute {
  return {
    start(needs) {
      const startedAt = clock.now();
      const startSeconds = CODEBUILD_PROVISIONING_SECONDS + needs.imageMb / model.megabytesPerSecond;
      const price = needs.cpu <= 2048 ? CODEBUILD_MINUTE_USD.small : CODEBUILD_MINUTE_USD.medium;
      const minutes = (time: number) => (time - startedAt) / MINUTE;
      return {
        startedAt,
        readyAt: startedAt + startSeconds * SECOND,
        startSeconds,
        usdUntil: (time) => minutes(time) * price,
        end: (time) => Math.ceil(minutes(time)) * price,
      };
    },
    sharedUsd: () => 0,
  };
}

interface Instance {
  startedAt: number;
  readyAt: number;
  freeCpu: number;
  freeMemory: number;
  tasks: number;
  images: Set<string>;
  /** Incremented by each task, to detect whether an instance stayed idle. */
  uses: number;
}

/** EC2 instances managed by ECS: all of one size, first fit, terminated when idle. */
export function managedInstances(
  clock: Clock,
  model: StartModel,
  { vcpu, idleMs }: { vcpu: number; idleMs: number },
): Compute {
  const instances = new Set<Instance>();
  let usd = 0;

  const launch = (): Instance => {
    const now = clock.now();
    const instance = {
      startedAt: now,
      readyAt: now + INSTANCE_START_SECONDS * SECOND,
      freeCpu: vcpu * 1024,
      freeMemory: vcpu * INSTANCE_GIB_PER_VCPU * 1024 * INSTANCE_USABLE_MEMORY,
      tasks: 0,
      images: new Set<string>(),
      uses: 0,
    };
    instances.add(instance);
    return instance;
  };

  const release = (instance: Instance, needs: TaskNeeds) => {
    instance.freeCpu += needs.cpu;
    instance.freeMemory += needs.memory;
    instance.tasks -= 1;
    const { uses } = instance;
    if (instance.tasks > 0) return;
    clock.at(clock.now() + idleMs, () => {
      if (instance.tasks > 0 || instance.uses !== uses) return;
      instances.delete(instance);
      const hours = (clock.now() - instance.startedAt) / SECOND / 3600;
      usd += hours * (vcpu * INSTANCE_VCPU_HOUR_USD + INSTANCE_DISK_HOUR_USD);
    });
  };

  return {
    start(needs) {
      const startedAt = clock.now();
      const fits = ({ freeCpu, freeMemory }: Instance) => freeCpu >= needs.cpu && freeMemory >= needs.memory;
      const instance = [...instances].find(fits) ?? launch();
      instance.freeCpu -= needs.cpu;
      instance.freeMemory -= needs.memory;
      instance.tasks += 1;
      instance.uses += 1;
      const megabytes = missingMb(instance, needs, model);
      const begin = Math.max(startedAt, instance.readyAt);
      const readyAt = begin + (INSTANCE_TASK_SECONDS + megabytes / model.megabytesPerSecond) * SECOND;
      return {
        startedAt,
        readyAt,
        startSeconds: (readyAt - startedAt) / SECOND,
        usdUntil: () => 0,
        end(time) {
          clock.at(time, () => release(instance, needs));
          return 0;
        },
      };
    },
    sharedUsd() {
      const since = usd;
      usd = 0;
      return since;
    },
  };
}

/** Returns the megabytes of the helper's and the job's image that an instance lacks, and marks the images as present. */
function missingMb({ images }: Instance, { shape, imageMb }: TaskNeeds, { helperMb }: StartModel): number {
  const missing = (images.has('helper') ? 0 : helperMb) + (images.has(shape) ? 0 : imageMb);
  images.add('helper').add(shape);
  return missing;
}
