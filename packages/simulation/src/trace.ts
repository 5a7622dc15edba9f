/** Pipelines without start times: the input of every policy. */

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

/** Settings of the team's fleet. */
export interface FleetSettings {
  /** `manager.max`. */
  maxManagers: number;
  /** `manager.concurrentJobs`. */
  concurrentJobs: number;
  /** Maximum vCPU of unclaimed tasks. */
  unclaimedVcpu: number;
  /** vCPU of a managed instance. */
  instanceVcpu: number;
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
