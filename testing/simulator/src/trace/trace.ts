/** Pipelines as they would run if nothing had to start: what every policy gets. */

/** One try of a job. */
export interface Attempt {
  /** Of the script, in seconds. */
  seconds: number;
  succeeded: boolean;
}

export interface JobTrace {
  /** Of the trace, from 1: draws depend on it. */
  id: number;
  name: string;
  /** Equal shapes can run in each other's task. */
  shape: string;
  /** CPU units and MiB. */
  cpu: number;
  memory: number;
  /** Compressed megabytes of the job's own image. */
  imageMb: number;
  /** Whether an earlier stage of its pipeline pushes the tag that it runs: no task started ahead has that image. */
  imageMoves: boolean;
  /** From the end of its script to its end: after_script, cache, artifacts. In seconds. */
  tailSeconds: number;
  /** One at least; each but the last failed. */
  attempts: readonly Attempt[];
}

export interface PipelineTrace {
  /** Of the trace, from 1. */
  id: number;
  project: string;
  isProtected: boolean;
  /** Milliseconds since the trace's begin. */
  at: number;
  /** Stages that ran, with one job at least each: the last one may have failed. */
  stages: readonly (readonly JobTrace[])[];
}

/** How a fleet for such a team would be set up. */
export interface FleetSettings {
  /** `manager.max`. */
  maxManagers: number;
  /** `manager.concurrentJobs`. */
  concurrentJobs: number;
  /** The most vCPU that wait unclaimed. */
  unclaimedVcpu: number;
  /** vCPU of a managed instance. */
  instanceVcpu: number;
}

export interface Trace {
  name: string;
  /** Undefined: read from a file. */
  seed: number | undefined;
  pipelines: readonly PipelineTrace[];
  settings: FleetSettings;
  /** Figures are of pipelines and tasks that begin from here on; what comes before only teaches. Milliseconds since the begin. */
  measuredFrom: number;
  /** Milliseconds since the begin. */
  endsAt: number;
}
