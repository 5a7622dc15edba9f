import { simulate } from '../../src/fleet/simulate.ts';
import { DAY, HOUR, type StartModel } from '../../src/model.ts';
import { type Policy, policyByName } from '../../src/policies.ts';
import type { JobTrace, PipelineTrace, Trace } from '../../src/trace.ts';

/** A job task needs 20 s of provisioning, spread as measured, and 30 s of pull; a manager 20 s, 30 s and its boot. */
export const model: StartModel = {
  label: 'test',
  provisioningSeconds: 20,
  megabytesPerSecond: 10,
  helperMb: 200,
  managerMb: 300,
};

let nextJob = 0;

/** By default a successful job of 200 s with an image of 100 MB. */
export function job(name: string, over: Partial<JobTrace> = {}): JobTrace {
  nextJob += 1;
  return {
    id: nextJob,
    name,
    shape: 'image',
    cpu: 1024,
    memory: 2048,
    imageMb: 100,
    imageMoves: false,
    tailSeconds: 5,
    attempts: [{ seconds: 200, succeeded: true }],
    ...over,
  };
}

/** Pipelines one hour apart, with one manager. By default all are measured. */
export function traceOf(stages: readonly (readonly JobTrace[])[][], over: Partial<Trace> = {}): Trace {
  const pipelines: PipelineTrace[] = stages.map((ofPipeline, index) => ({
    id: index + 1,
    project: 'project',
    isProtected: false,
    at: (index + 1) * HOUR,
    stages: ofPipeline,
  }));
  return {
    name: 'test',
    seed: 1,
    pipelines,
    settings: { maxManagers: 1, concurrentJobs: 20, unclaimedVcpu: 8, instanceVcpu: 4 },
    measuredFrom: 0,
    endsAt: DAY,
    ...over,
  };
}

/** Four stages with one job each. */
export const fourStages = (over: Partial<JobTrace> = {}) =>
  ['build', 'test', 'package', 'deploy'].map((name) => [job(name, over)]);

export function waits(trace: Trace, policy: Policy | string): number[] {
  const chosen = typeof policy === 'string' ? policyByName(policy) : policy;
  return simulate(trace, chosen, model, 1).pipelines.map(({ waitedSeconds }) => waitedSeconds);
}
