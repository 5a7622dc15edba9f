import {
  type Architecture,
  type CapacityProvider,
  type FargateSize,
  type FleetConfig,
  memoryStepsFor,
  nextFargateSize,
} from '@serverless-gitlab-runner/fleet';
import type { Findings } from './findings.ts';
import type { JobRequest } from './job-request.ts';
import { parseCpu, parseMemory, parseStorage, sizeInWords } from './parse-quantity.ts';
import { parseArchitecture } from './plan-image.ts';

/** Job variables by which a job asks for more or other than its fleet's usual. */
export const JOB_VARIABLE = {
  cpu: 'FARGATE_CPU',
  memory: 'FARGATE_MEMORY',
  storage: 'FARGATE_EPHEMERAL_STORAGE',
  architecture: 'FARGATE_ARCHITECTURE',
  capacity: 'FARGATE_CAPACITY',
} as const;

type FleetJob = FleetConfig['job'];
type Variables = JobRequest['variables'];

/** Fargate's CPU sizes up to the fleet's largest, with the memory each may have. */
function allowedSizes(max: FargateSize): string {
  const rows = [256, 512, 1024, 2048, 4096, 8192, 16384].flatMap((cpu) => {
    const memories = memoryStepsFor(cpu).filter((memory) => memory <= max.memory);
    const [first, last] = [memories[0], memories.at(-1)];
    if (cpu > max.cpu || first === undefined || last === undefined) return [];
    return [`${cpu / 1024} vCPU with ${first / 1024} to ${last / 1024} GB`];
  });
  return `This fleet allows ${rows.join('; ')}.`;
}

/** The task's CPU and memory: what the job asks for, or the next size up that Fargate has. */
export function planSize(job: FleetJob, variables: Variables, findings: Findings): FargateSize {
  const asked = { cpu: variables.get(JOB_VARIABLE.cpu), memory: variables.get(JOB_VARIABLE.memory) };
  if (!asked.cpu && !asked.memory) return planSizeOfKubernetes(job, variables, findings);
  const cpu = asked.cpu ? parseCpu(asked.cpu) : job.size.cpu;
  const memory = asked.memory ? parseMemory(asked.memory) : job.size.memory;
  if (cpu === undefined) {
    findings.refusals.push(
      `${JOB_VARIABLE.cpu} is "${asked.cpu}": write vCPUs (0.5, 2 vCPU) or CPU units (512, 2048).`,
    );
  }
  if (memory === undefined) {
    findings.refusals.push(
      `${JOB_VARIABLE.memory} is "${asked.memory}": write MiB (2048) or a unit (2GB, 512MB).`,
    );
  }
  if (cpu === undefined || memory === undefined) {
    findings.refusals.push(allowedSizes(job.maxSize));
    return job.size;
  }
  return withinLimits(job, { cpu, memory }, findings);
}

/** What a job asks of GitLab's Kubernetes executor, a limit before a request: pipelines that come from there say nothing else. */
const KUBERNETES_VARIABLES = {
  cpu: ['KUBERNETES_CPU_LIMIT', 'KUBERNETES_CPU_REQUEST'],
  memory: ['KUBERNETES_MEMORY_LIMIT', 'KUBERNETES_MEMORY_REQUEST'],
} as const;

function planSizeOfKubernetes(job: FleetJob, variables: Variables, findings: Findings): FargateSize {
  const find = (names: readonly string[], parse: (text: string) => number | undefined) => {
    const name = names.find((each) => variables.get(each));
    const value = name === undefined ? undefined : parse(variables.get(name) ?? '');
    return name === undefined || value === undefined ? undefined : { name, value };
  };
  const cpu = find(KUBERNETES_VARIABLES.cpu, parseCpu);
  const memory = find(KUBERNETES_VARIABLES.memory, parseMemory);
  if (!cpu && !memory) return job.size;
  const names = [cpu, memory].flatMap((each) => each?.name ?? []).join(' and ');
  findings.notes.push(`The size is that of ${names}; FARGATE_CPU and FARGATE_MEMORY come before.`);
  const wanted = { cpu: cpu?.value ?? job.size.cpu, memory: memory?.value ?? job.size.memory };
  return withinLimits(job, wanted, findings);
}

function withinLimits(job: FleetJob, wanted: FargateSize, findings: Findings): FargateSize {
  const size = nextFargateSize(wanted);
  if (size === undefined || size.cpu > job.maxSize.cpu || size.memory > job.maxSize.memory) {
    findings.refusals.push(
      `The job asks for ${sizeInWords(wanted)}, which is more than this fleet's limit of ${sizeInWords(job.maxSize)}.`,
      allowedSizes(job.maxSize),
    );
    return job.size;
  }
  if (size.cpu !== wanted.cpu || size.memory !== wanted.memory) {
    findings.notes.push(
      `Fargate has no size ${sizeInWords(wanted)}: the next one up is ${sizeInWords(size)}.`,
    );
  }
  return size;
}

/** GiB of ephemeral storage. Fargate gives at least 20. */
export function planStorage(job: FleetJob, variables: Variables, findings: Findings): number {
  const asked = variables.get(JOB_VARIABLE.storage);
  if (!asked) return job.ephemeralStorageGib;
  const gib = parseStorage(asked);
  const most = job.maxEphemeralStorageGib;
  if (gib === undefined || gib > most) {
    findings.refusals.push(`${JOB_VARIABLE.storage} is "${asked}": this fleet allows 20 to ${most} GB.`);
    return job.ephemeralStorageGib;
  }
  if (gib < 20) findings.notes.push('Fargate gives at least 20 GB of ephemeral storage.');
  return Math.max(gib, 20);
}

/** The task's architecture: the variable's, else the image's platform, else the fleet's. */
export function planArchitecture(job: FleetJob, request: JobRequest, findings: Findings): Architecture {
  const variable = request.variables.get(JOB_VARIABLE.architecture);
  const platform = request.image?.executor_opts?.docker?.platform;
  const asked = variable || platform;
  if (!asked) return job.architecture;
  const architecture = parseArchitecture(asked);
  if (architecture === undefined || !job.architectures.includes(architecture)) {
    const what = variable ? JOB_VARIABLE.architecture : 'The platform of the image';
    findings.refusals.push(
      `${what} is "${asked}": this fleet allows ${job.architectures.join(', ')} (Linux).`,
    );
    return job.architecture;
  }
  return architecture;
}

const CAPACITY_WORDS: ReadonlyMap<string, CapacityProvider> = new Map([
  ['fargate', 'FARGATE'],
  ['on-demand', 'FARGATE'],
  ['fargate_spot', 'FARGATE_SPOT'],
  ['spot', 'FARGATE_SPOT'],
]);

/** The capacity providers to try, in order: the variable's, if the fleet has them all, else the fleet's. */
export function planCapacity(
  job: FleetJob,
  variables: Variables,
  findings: Findings,
): readonly CapacityProvider[] {
  const asked = variables.get(JOB_VARIABLE.capacity);
  if (!asked) return job.capacity;
  const providers = asked.split(',').map((word) => CAPACITY_WORDS.get(word.trim().toLowerCase()));
  const allowed = providers.filter((provider) => provider !== undefined && job.capacity.includes(provider));
  if (allowed.length < providers.length) {
    findings.refusals.push(
      `${JOB_VARIABLE.capacity} is "${asked}": this fleet allows ${job.capacity.join(', ')}.`,
    );
    return job.capacity;
  }
  return [...new Set(allowed)].filter((provider) => provider !== undefined);
}
