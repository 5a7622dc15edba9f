/** ECS's CPU units per vCPU. */
export const UNITS_PER_VCPU = 1024;
/** Plain numbers up to Fargate's maximum of vCPUs are vCPUs; from its minimum of units on they are units. */
const MAX_VCPUS = 16;
const MIN_UNITS = 256;
const MIN_MEMORY_MIB = 512;

/** Parses CPU into Fargate's units, from `1024`, `1`, `0.5`, `2 vCPU` or `500m`; undefined if invalid. */
export function parseCpu(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(m|vcpus?|cpus?)?$/i.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const value = Number(match[1]);
  const unit = match[2]?.toLowerCase();
  if (value <= 0) return undefined;
  if (unit === 'm') return Math.ceil((value / 1000) * UNITS_PER_VCPU);
  if (unit !== undefined || value <= MAX_VCPUS) return Math.ceil(value * UNITS_PER_VCPU);
  return value >= MIN_UNITS ? Math.ceil(value) : undefined;
}

/** Parses memory into MiB, from `2048`, `2GB`, `2G`, `2Gi` or `512MiB` (as in ECS, a GB is a GiB); undefined if invalid. */
export function parseMemory(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(?:([mg])i?b?)?$/i.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const value = Number(match[1]);
  if (value <= 0) return undefined;
  if (match[2] === undefined) return value >= MIN_MEMORY_MIB ? Math.ceil(value) : undefined;
  return Math.ceil(match[2].toLowerCase() === 'g' ? value * 1024 : value);
}

/** Parses storage into GiB, from `50`, `50GB` or `50Gi`; undefined if invalid. */
export function parseStorage(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(?:gi?b?)?$/i.exec(text.trim());
  return match?.[1] === undefined || Number(match[1]) <= 0 ? undefined : Math.ceil(Number(match[1]));
}

/** Formats a size for the job log, to two decimals: `1 vCPU, 2 GB`. */
export function formatSize(size: { cpu: number; memory: number }): string {
  return `${rounded(size.cpu / UNITS_PER_VCPU)} vCPU, ${rounded(size.memory / 1024)} GB`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
