import { meanStartSeconds, type StartModel } from '../model.ts';
import type { Policy } from '../policies.ts';
import type { Trace } from '../trace.ts';
import { type Clock, createClock } from './clock.ts';
import { type Compute, codebuild, fargate, instant, managedInstances } from './compute.ts';
import { createOutcome, type Outcome } from './outcome.ts';

/** What all parts of one simulation share. */
export interface SimulationContext {
  clock: Clock;
  compute: Compute;
  trace: Trace;
  policy: Policy;
  model: StartModel;
  seed: number;
  /** Expected start time of a task in seconds if none was measured; also the "one start" of waiting times. */
  leadSeconds: number;
  outcome: Outcome;
  /** Whether a time belongs to the measured period. */
  isMeasured(time: number): boolean;
}

/** Bounds of a simulation. */
export interface SimulationLimits {
  /** Actions after which it is given up. Default: none. */
  maxActions?: number;
}

export function createContext(
  trace: Trace,
  policy: Policy,
  model: StartModel,
  seed: number,
  { maxActions }: SimulationLimits = {},
): SimulationContext {
  const clock = createClock(maxActions);
  return {
    clock,
    compute: computeOf(trace, policy, model, clock),
    trace,
    policy,
    model,
    seed,
    leadSeconds: meanStartSeconds(trace, model),
    outcome: createOutcome(policy),
    isMeasured: (time) => time >= trace.measuredFrom,
  };
}

function computeOf(trace: Trace, policy: Policy, model: StartModel, clock: Clock): Compute {
  switch (policy.compute) {
    case 'fargate':
      return fargate(clock, model, trace.settings.prices);
    case 'managed-instances':
      return managedInstances(clock, model, {
        vcpu: trace.settings.instanceVcpu,
        idleMs: policy.instanceIdleMs,
      });
    case 'codebuild':
      return codebuild(clock, model);
    case 'instant':
      return instant(clock);
  }
}
