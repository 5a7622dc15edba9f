import {
  type Architecture,
  type CapacityProvider,
  type FargateSize,
  type FleetConfig,
  memoryStepsFor,
  nextFargateSize,
} from '@serverless-gitlab-runner/fleet';
import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { formatSize } from '../../parse-quantity.ts';
import type { PlanDiagnostics } from '../plan-diagnostics.ts';
import { expandVariables } from '../request/expand-variables.ts';
import type { JobOverrides, Setting } from '../request/job-overrides.ts';
import type { JobRequest } from '../request/job-request.ts';
import { parseArchitecture } from '../request/parse-setting.ts';
import { MAX_OPTION_CHARACTERS } from '../request/refuse-long-texts.ts';

type FleetJob = FleetConfig['job'];

/** Fargate's CPU sizes up to the fleet's maximum, with the memory range of each. */
function allowedSizes(max: FargateSize): string {
  const rows = [256, 512, 1024, 2048, 4096, 8192, 16384].flatMap((cpu) => {
    const memories = memoryStepsFor(cpu).filter((memory) => memory <= max.memory);
    if (cpu > max.cpu || memories.length === 0) return [];
    return [`${cpu / 1024} vCPU with ${Math.min(...memories) / 1024} to ${Math.max(...memories) / 1024} GB`];
  });
  return `This fleet allows ${rows.join('; ')}.`;
}

/**
 * The task's CPU and memory: what the job requests, or the next larger size that Fargate offers.
 * @throws {JobRefusedError} when the fleet does not allow it
 */
export function planSize(job: FleetJob, overrides: JobOverrides, diagnostics: PlanDiagnostics): FargateSize {
  const { cpu, memory } = overrides;
  if (!cpu && !memory) return planSizeOfKubernetes(job, overrides, diagnostics);
  const wanted = {
    cpu: quantityOf(job, cpu, 'vCPUs (0.5, 2 vCPU) or CPU units (512, 2048)') ?? job.size.cpu,
    memory: quantityOf(job, memory, 'MiB (2048) or a unit (2GB, 512MB)') ?? job.size.memory,
  };
  return withinLimits(job, wanted, diagnostics);
}

function quantityOf(job: FleetJob, asked: Setting<number> | undefined, units: string): number | undefined {
  if (asked === undefined || asked.value !== undefined) return asked?.value;
  throw new JobRefusedError([
    `${asked.name} is ${quoted(asked.text)}: use ${units}.`,
    allowedSizes(job.maxSize),
  ]);
}

/** Pipelines written for GitLab's Kubernetes executor set only its variables. A value that is not a quantity is ignored. */
function planSizeOfKubernetes(
  job: FleetJob,
  overrides: JobOverrides,
  diagnostics: PlanDiagnostics,
): FargateSize {
  const { kubernetesCpu: cpu, kubernetesMemory: memory } = overrides;
  const names = [cpu, memory].flatMap((each) => (each?.value === undefined ? [] : [each.name]));
  if (names.length === 0) return job.size;
  diagnostics.notes.push(
    `The size comes from ${names.join(' and ')}; FARGATE_CPU and FARGATE_MEMORY take precedence.`,
  );
  const wanted = { cpu: cpu?.value ?? job.size.cpu, memory: memory?.value ?? job.size.memory };
  return withinLimits(job, wanted, diagnostics);
}

function withinLimits(job: FleetJob, wanted: FargateSize, diagnostics: PlanDiagnostics): FargateSize {
  const size = nextFargateSize(wanted);
  if (size === undefined || size.cpu > job.maxSize.cpu || size.memory > job.maxSize.memory) {
    throw new JobRefusedError([
      `The job requests ${formatSize(wanted)}, which is more than this fleet's limit of ${formatSize(job.maxSize)}.`,
      allowedSizes(job.maxSize),
    ]);
  }
  if (size.cpu !== wanted.cpu || size.memory !== wanted.memory) {
    diagnostics.notes.push(
      `Fargate does not offer ${formatSize(wanted)}; using the next larger size, ${formatSize(size)}.`,
    );
  }
  return size;
}

/** GiB of ephemeral storage, at least Fargate's minimum of 20. @throws {JobRefusedError} when the fleet does not allow it */
export function planStorage(job: FleetJob, { storage }: JobOverrides, diagnostics: PlanDiagnostics): number {
  if (storage === undefined) return job.ephemeralStorageGib;
  const max = job.maxEphemeralStorageGib;
  if (storage.value === undefined || storage.value > max) {
    throw refusalOf(storage.name, storage.text, `20 to ${max} GB`);
  }
  if (storage.value < 20)
    diagnostics.notes.push('The job gets 20 GB of ephemeral storage, the Fargate minimum.');
  return Math.max(storage.value, 20);
}

/**
 * The task's architecture: from the variable, else from the image's platform, else the fleet's. Variables in a platform are
 * expanded, as in the Docker executor (`ImageDockerOptions.Expand` in common/spec/spec.go of 19.3).
 * @throws {JobRefusedError} when the fleet does not allow it
 */
export function planArchitecture(
  job: FleetJob,
  { architecture: setting }: JobOverrides,
  { image, variables }: JobRequest,
): Architecture {
  const written = image?.executor_opts?.docker?.platform ?? '';
  const platform = expandVariables(written, variables, MAX_OPTION_CHARACTERS);
  const text = setting?.text ?? platform;
  if (!text) return job.architecture;
  const asked = setting ? setting.value : parseArchitecture(platform);
  const architecture = job.architectures.find((each) => each === asked);
  if (architecture === undefined) {
    const what = setting?.name ?? 'The platform of the image';
    throw refusalOf(what, text, `${job.architectures.join(', ')} (Linux)`);
  }
  return architecture;
}

/**
 * The capacity providers in the order to try: from the variable, else the fleet's.
 * @throws {JobRefusedError} when the variable names one that the fleet lacks
 */
export function planCapacity(job: FleetJob, { capacity }: JobOverrides): readonly CapacityProvider[] {
  if (capacity === undefined) return job.capacity;
  const { value } = capacity;
  if (value?.every((provider) => job.capacity.includes(provider))) return value;
  throw refusalOf(capacity.name, capacity.text, job.capacity.join(', '));
}

function refusalOf(what: string, text: string, allowed: string): JobRefusedError {
  return new JobRefusedError([`${what} is ${quoted(text)}, but this fleet allows ${allowed}.`]);
}
