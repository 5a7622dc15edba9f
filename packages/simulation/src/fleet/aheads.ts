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
  const bound = { vcpu: 0, maxVcpu: trace.settings.unclaimedVcpu };
  const sharedBook = createBook();
  const imageSizes = new Map(
    trace.pipelines.flatMap(({ stages }) =>
      stages.flat().map(({ shape, imageMb }) => [shape, imageMb] as const),
    ),
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
        bound,
        leadSeconds,
        start: ({ cpu, memory, shape }) => {
          starts += 1;
          outcome.ahead.started += isMeasured(clock.now()) ? 1 : 0;
          const imageMb = imageSizes.get(shape) ?? 0;
          return compute.start({ cpu, memory, shape, imageMb }, draw(seed, 'ahead-start', starts));
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
