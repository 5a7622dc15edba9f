/** Pipelines without start times: the input of every policy. */
import type {
  Architecture,
  CapacityProvider,
  FargatePrices,
  FargateSize,
  FleetConfig,
} from '@serverless-gitlab-runner/fleet';

/** One attempt of a job. */
export interface Attempt {
  /** Duration of the script in seconds. */
  seconds: number;
  succeeded: boolean;
}

export interface JobTrace {
  /** Unique in the trace, from 1. Random numbers depend on it. */
  id: number;
  name: string;
  /** Jobs of equal shape can run in each other's task. */
  shape: string;
  /** CPU units. */
  cpu: number;
  /** MiB. */
  memory: number;
  /** Compressed megabytes of the job's own image. */
  imageMb: number;
  /** Whether an earlier stage of its pipeline pushes its image tag, so that a task started ahead would have an old image. */
  imageMoves: boolean;
  /** Where its task runs. Default X86_64, on demand. */
  placement?: TaskPlacement;
  /** Whether a task like its own may be started ahead at all. Default true. */
  mayStartAhead?: boolean;
  /** Seconds from the end of its script to its end: after_script, cache, artifacts. */
  tailSeconds: number;
  /** At least one; all but the last failed. */
  attempts: readonly Attempt[];
}

export interface PipelineTrace {
  /** Unique in the trace, from 1. */
  id: number;
  project: string;
  isProtected: boolean;
  /** Milliseconds since the start of the trace. */
  at: number;
  /** Stages that ran, with at least one job each. The last one may have failed. */
  stages: readonly (readonly JobTrace[])[];
}

export interface TaskPlacement {
  architecture: Architecture;
  capacityProvider: CapacityProvider;
}

/** What a fleet's tasks cost. */
export interface TaskPrices {
  prices: FargatePrices;
  /** Whether tasks have a public IPv4 address, which AWS bills, too. */
  hasPublicIp: boolean;
}

/** Branches that count as protected, where neither GitLab's jobs API nor the logs say which are. */
export const PROTECTED_REFS: ReadonlySet<string> = new Set(['main', 'master', 'production']);

/** Settings of the simulated fleet. */
export interface FleetSettings {
  /** `manager.max`. */
  maxManagers: number;
  /** `manager.concurrentJobs`. */
  concurrentJobs: number;
  /** Maximum vCPU of unclaimed tasks. */
  unclaimedVcpu: number;
  /** Whether that is the maximum of each manager, as `ahead.maxVcpu` is. Default false: of the fleet. */
  isUnclaimedVcpuPerManager?: boolean;
  /** vCPU of a managed instance. */
  instanceVcpu: number;
  /** The other limits of its managers. Default: a fleet's defaults. */
  managerLimits?: Pick<FleetConfig['manager'], 'maxLifetimeSeconds' | 'drainGraceSeconds'>;
  /** A manager's task. Default: 0.25 vCPU and 1 GiB, X86_64, on demand. */
  managerTask?: FargateSize & { placement: TaskPlacement };
  /** Default: us-east-1's, without public address. */
  prices?: TaskPrices;
}

export interface Trace {
  name: string;
  /** Undefined for a trace from a file. */
  seed: number | undefined;
  pipelines: readonly PipelineTrace[];
  settings: FleetSettings;
  /** End of the warm-up: only later pipelines and tasks are measured. Milliseconds since the start of the trace. */
  measuredFrom: number;
  /** Milliseconds since the start of the trace. */
  endsAt: number;
}
