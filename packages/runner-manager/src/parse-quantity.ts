/** CPU units a vCPU, as ECS counts them. */
const UNITS_PER_VCPU = 1024;
/** Plain numbers up to Fargate's most vCPUs are vCPUs, from its fewest units on they are units. */
const MOST_VCPUS = 16;
const FEWEST_UNITS = 256;
const FEWEST_MEMORY_MIB = 512;

/** CPU in Fargate's units from `1024`, `1`, `0.5`, `2 vCPU` or `500m`; undefined when it is none of these. */
export function parseCpu(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(m|vcpus?|cpus?)?$/i.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const value = Number(match[1]);
  const unit = match[2]?.toLowerCase();
  if (value <= 0) return undefined;
  if (unit === 'm') return Math.ceil((value / 1000) * UNITS_PER_VCPU);
  if (unit !== undefined || value <= MOST_VCPUS) return Math.ceil(value * UNITS_PER_VCPU);
  return value >= FEWEST_UNITS ? Math.ceil(value) : undefined;
}

/** MiB from `2048`, `2GB`, `2G`, `2Gi`, `512MiB` (a GB is a GiB, as ECS counts); undefined when it is none of these. */
export function parseMemory(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(?:([mg])i?b?)?$/i.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const value = Number(match[1]);
  if (value <= 0) return undefined;
  if (match[2] === undefined) return value >= FEWEST_MEMORY_MIB ? Math.ceil(value) : undefined;
  return Math.ceil(match[2].toLowerCase() === 'g' ? value * 1024 : value);
}

/** GiB of storage from `50`, `50GB`, `50Gi`; undefined when it is none of these. */
export function parseStorage(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(?:gi?b?)?$/i.exec(text.trim());
  return match?.[1] === undefined || Number(match[1]) <= 0 ? undefined : Math.ceil(Number(match[1]));
}

/** `1 vCPU, 2 GB`: a size as the job log tells it, to two decimals. */
export function sizeInWords(size: { cpu: number; memory: number }): string {
  return `${rounded(size.cpu / UNITS_PER_VCPU)} vCPU, ${rounded(size.memory / 1024)} GB`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
