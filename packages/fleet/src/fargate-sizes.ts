import { z } from 'zod';

/** CPU units Fargate offers (1024 is one vCPU), with the memory it takes for each, in MiB. */
export interface FargateSize {
  cpu: number;
  memory: number;
}

const GIB = 1024;

/**
 * Memory steps a CPU size allows: [first, last, step] in MiB; 256 units take three odd values.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
 */
const MEMORY_STEPS: ReadonlyMap<number, readonly number[]> = new Map([
  [256, [512, 1 * GIB, 2 * GIB]],
  [512, steps(1, 4, 1)],
  [1024, steps(2, 8, 1)],
  [2048, steps(4, 16, 1)],
  [4096, steps(8, 30, 1)],
  [8192, steps(16, 60, 4)],
  [16384, steps(32, 120, 8)],
]);

function steps(firstGib: number, lastGib: number, stepGib: number): readonly number[] {
  const count = Math.floor((lastGib - firstGib) / stepGib) + 1;
  return Array.from({ length: count }, (_, index) => (firstGib + index * stepGib) * GIB);
}

/** The memory values in MiB that Fargate takes with that many CPU units; none when it does not offer the CPU size. */
export function memoryStepsFor(cpu: number): readonly number[] {
  return MEMORY_STEPS.get(cpu) ?? [];
}

/** Whether Fargate offers exactly that pair. */
export function isFargateSize({ cpu, memory }: FargateSize): boolean {
  return memoryStepsFor(cpu).includes(memory);
}

/** The smallest size that has at least what is asked for, or undefined when Fargate has none that large. */
export function nextFargateSize(wanted: FargateSize): FargateSize | undefined {
  for (const [cpu, memories] of MEMORY_STEPS) {
    if (cpu < wanted.cpu) continue;
    const memory = memories.find((step) => step >= wanted.memory);
    if (memory !== undefined) return { cpu, memory };
  }
  return undefined;
}

export const architectureSchema = z.enum(['X86_64', 'ARM64']);
export type Architecture = z.infer<typeof architectureSchema>;

export const capacityProviderSchema = z.enum(['FARGATE', 'FARGATE_SPOT']);
export type CapacityProvider = z.infer<typeof capacityProviderSchema>;

/** USD a vCPU-hour and a GiB-hour on demand in us-east-1. @see https://aws.amazon.com/fargate/pricing/ */
const PRICE_PER_HOUR = { X86_64: { vcpu: 0.04048, gib: 0.004445 }, ARM64: { vcpu: 0.03238, gib: 0.00356 } };
/** Spot's price varies; AWS says "up to 70 %" off, this is the usual discount. */
const SPOT_FACTOR = 0.3;
const MINIMUM_BILLED_SECONDS = 60;

export interface FargateUsage extends FargateSize {
  architecture: Architecture;
  capacityProvider: CapacityProvider;
  /** Seconds from the start of the image pull to the task's end. */
  seconds: number;
}

/** Estimated price of a task in USD (us-east-1 prices, one-minute minimum, no storage or IPv4 address). */
export function estimateCostUsd(usage: FargateUsage): number {
  const price = PRICE_PER_HOUR[usage.architecture];
  const hours = Math.max(usage.seconds, MINIMUM_BILLED_SECONDS) / 3600;
  const onDemand = hours * ((usage.cpu / 1024) * price.vcpu + (usage.memory / GIB) * price.gib);
  return usage.capacityProvider === 'FARGATE_SPOT' ? onDemand * SPOT_FACTOR : onDemand;
}
