import { createBook } from '@serverless-gitlab-runner/forecast';
import { draw } from '../random.ts';
import { type Ahead, createAhead } from './ahead.ts';
import { charge } from './bill.ts';
import type { SimulationContext } from './context.ts';
import type { Manager } from './managers.ts';
import type { Run } from './placements.ts';

/** The parts of a fleet's managers that start job tasks ahead. */
export interface Aheads {
  /** Undefined if the policy starts nothing ahead. */
  of(manager: Manager): Ahead | undefined;
  /** A manager was started. @param runs waiting jobs, for which the launcher starts tasks if the policy says so */
  launched(manager: Manager, runs: readonly Run[]): void;
}

export function createAheads(context: SimulationContext): Aheads {
  const { clock, compute, trace, policy, seed, leadSeconds, outcome, isMeasured } = context;
  const aheads = new Map<Manager, Ahead>();
  const { unclaimedVcpu: maxVcpu, isUnclaimedVcpuPerManager = false } = trace.settings;
  const sharedBound = { vcpu: 0, maxVcpu };
  const sharedBook = createBook();
  const jobs = new Map(
    trace.pipelines.flatMap(({ stages }) => stages.flat().map((job) => [job.shape, job] as const)),
  );
  let starts = 0;

  return {
    of: (manager) => aheads.get(manager),
    launched(manager, runs) {
      if (policy.ahead === undefined) return;
      const ahead = createAhead({
        clock,
        book: policy.ahead.keepsBook ? sharedBook : createBook(),
        policy: policy.ahead,
        bound: isUnclaimedVcpuPerManager ? { vcpu: 0, maxVcpu } : sharedBound,
        leadSeconds,
        mayStart: ({ shape }) => jobs.get(shape)?.mayStartAhead ?? true,
        start: ({ cpu, memory, shape }) => {
          starts += 1;
          outcome.ahead.started += isMeasured(clock.now()) ? 1 : 0;
          const { imageMb = 0, placement } = jobs.get(shape) ?? {};
          const needs = { cpu, memory, shape, imageMb, ...(placement && { placement }) };
          return compute.start(needs, draw(seed, 'ahead-start', starts));
        },
        onReleased: (task) => {
          charge(outcome.bill, 'unclaimed', task.end(clock.now()), isMeasured(task.startedAt));
        },
      });
      aheads.set(manager, ahead);
      // The launcher starts tasks for the jobs that the new manager will take, if the book knows them.
      if (policy.ahead.first) for (const { pipeline, job } of runs) ahead.adopt(pipeline, job);
    },
  };
}
