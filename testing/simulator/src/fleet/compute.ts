import { estimateCostUsd, type FargateSize, fargatePricesOf } from '@serverless-gitlab-runner/fleet';
import {
  CODEBUILD_MINUTE_USD,
  CODEBUILD_PROVISIONING_SECONDS,
  INSTANCE_DISK_HOUR_USD,
  INSTANCE_GIB_PER_VCPU,
  INSTANCE_START_SECONDS,
  INSTANCE_TASK_SECONDS,
  INSTANCE_USABLE_MEMORY,
  INSTANCE_VCPU_HOUR_USD,
  MINUTE,
  provisioningSeconds,
  pullSeconds,
  SECOND,
  type StartModel,
  TASK_END_SECONDS,
} from '../model.ts';
import type { Clock } from './clock.ts';

/** What a task is started for. */
export interface TaskNeeds extends FargateSize {
  shape: string;
  /** Compressed megabytes of the job's own image. */
  imageMb: number;
}

/** A task that was started. Times are milliseconds since the trace's begin. */
export interface StartedTask {
  startedAt: number;
  /** When it takes a script. */
  readyAt: number;
  /** Seconds from its start until it is ready. */
  startSeconds: number;
  /** Dollars for its time up to then: without the minimum that its whole life may cost. */
  usdUntil(time: number): number;
  /** Ends it, at a time not before the present. Returns dollars for its life. */
  end(time: number): number;
}

export interface Compute {
  /** @param luck 0 to 1: how long this start takes among those that are possible */
  start(needs: TaskNeeds, luck: number): StartedTask;
  /** What is not paid by the task, as dollars since the last call: a fleet's instances. */
  sharedUsd(): number;
}

const { prices } = fargatePricesOf('us-east-1');

/** Dollars for a Fargate task, x86 on demand in us-east-1, without public address; 60 s at least. */
export function fargateUsd(size: FargateSize, seconds: number): number {
  return estimateCostUsd({
    ...size,
    architecture: 'X86_64',
    capacityProvider: 'FARGATE',
    seconds,
    prices,
    hasPublicIp: false,
  });
}

/** The same without the minimum. */
function fargateUsdBySecond(size: FargateSize, seconds: number): number {
  return (fargateUsd(size, 3600) * Math.max(0, seconds)) / 3600;
}

/** A task for itself, billed from its pull on. */
export function fargate(clock: Clock, model: StartModel): Compute {
  return {
    start(needs, luck) {
      const startedAt = clock.now();
      const pull = pullSeconds(model, needs);
      const startSeconds = provisioningSeconds(model, luck) + pull;
      const readyAt = startedAt + startSeconds * SECOND;
      const billedFrom = readyAt - pull * SECOND;
      const secondsAt = (time: number) => (time - billedFrom) / SECOND;
      return {
        startedAt,
        readyAt,
        startSeconds,
        usdUntil: (time) => fargateUsdBySecond(needs, secondsAt(time)),
        // One that is stopped before its pull costs nothing.
        end: (time) => (time <= billedFrom ? 0 : fargateUsd(needs, secondsAt(time) + TASK_END_SECONDS)),
      };
    },
    sharedUsd: () => 0,
  };
}

/** Every task is ready at once, and paid by the second. */
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

/** A build for each job: needs no manager and no helper. */
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
  /** Raised by each task: an instance idles only if nothing came meanwhile. */
  uses: number;
}

/** EC2 that ECS runs: instances of one size, each filled before the next, ended when idle. */
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

/** Megabytes that an instance lacks of the helper's and the job's image; it has them from then on. */
function missingMb({ images }: Instance, { shape, imageMb }: TaskNeeds, { helperMb }: StartModel): number {
  const missing = (images.has('helper') ? 0 : helperMb) + (images.has(shape) ? 0 : imageMb);
  images.add('helper').add(shape);
  return missing;
}
