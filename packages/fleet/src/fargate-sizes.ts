import * as z from 'zod';

/** A task size: CPU units (1024 is one vCPU) and memory in MiB. */
export interface FargateSize {
  cpu: number;
  memory: number;
}

/** Of a manager's task, unless the installation's settings say otherwise. */
export const DEFAULT_MANAGER_SIZE: Readonly<FargateSize> = { cpu: 256, memory: 1024 };

const GIB = 1024;

/**
 * The memory sizes in MiB that each CPU size allows. 256 units allow three values without a regular step.
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

/** The memory sizes in MiB that Fargate allows with a CPU size; none if Fargate does not offer the CPU size. */
export function memoryStepsFor(cpu: number): readonly number[] {
  return MEMORY_STEPS.get(cpu) ?? [];
}

/** Whether Fargate offers exactly this size. */
export function isFargateSize({ cpu, memory }: FargateSize): boolean {
  return memoryStepsFor(cpu).includes(memory);
}

/** The smallest size that is at least as large as requested, or undefined if Fargate has none. */
export function nextFargateSize(requested: FargateSize): FargateSize | undefined {
  for (const [cpu, memories] of MEMORY_STEPS) {
    if (cpu < requested.cpu) continue;
    const memory = memories.find((step) => step >= requested.memory);
    if (memory !== undefined) return { cpu, memory };
  }
  return undefined;
}

export const architectureSchema = z.enum(['X86_64', 'ARM64']);
export type Architecture = z.infer<typeof architectureSchema>;

export const capacityProviderSchema = z.enum(['FARGATE', 'FARGATE_SPOT']);
export type CapacityProvider = z.infer<typeof capacityProviderSchema>;
