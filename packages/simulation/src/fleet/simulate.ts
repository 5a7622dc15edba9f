import type { StartModel } from '../model.ts';
import type { Policy } from '../policies.ts';
import type { Trace } from '../trace.ts';
import { type Aheads, createAheads } from './aheads.ts';
import { charge } from './bill.ts';
import { createContext, type SimulationContext, type SimulationLimits } from './context.ts';
import { createManagers, type ManagerPool } from './managers.ts';
import { createOracle } from './oracle.ts';
import type { Outcome } from './outcome.ts';
import { createPipelines } from './pipelines.ts';
import { createPlacements, type Run } from './placements.ts';

/**
 * Simulates a trace with a policy. Deterministic: the same arguments give the same outcome.
 * @throws {OverloadError} if it exceeds its limits
 */
export function simulate(
  trace: Trace,
  policy: Policy,
  model: StartModel,
  seed: number,
  limits?: SimulationLimits,
): Outcome {
  const context = createContext(trace, policy, model, seed, limits);
  const { clock, compute, outcome } = context;
  const waiting = new Map<number, Run>();
  const aheads = createAheads(context);
  let active = trace.pipelines.length;

  const needsManagers = policy.compute === 'fargate' || policy.compute === 'managed-instances';
  const managers = needsManagers
    ? managersOf(context, {
        waiting,
        aheads,
        onReady: () => placements.offerAll(),
        isFinished: () => active === 0 && clock.now() >= trace.endsAt,
      })
    : undefined;
  const oracle = policy.ahead?.moment === 'exactly' ? createOracle(context) : undefined;
  const placements = createPlacements(context, { waiting, managers, aheads, oracle });
  const pipelines = createPipelines(context, placements, () => {
    active -= 1;
    if (active === 0) clock.at(trace.endsAt, () => managers?.close());
  });

  for (const pipeline of trace.pipelines) clock.at(pipeline.at, () => pipelines.start(pipeline));
  // Instances are shared by all jobs. Their cost before the measured period belongs to the warm-up.
  clock.at(trace.measuredFrom, () => compute.sharedUsd());
  clock.run();
  charge(outcome.bill, 'jobs', compute.sharedUsd(), true);
  return outcome;
}

interface ManagerSurroundings {
  waiting: ReadonlyMap<number, Run>;
  aheads: Aheads;
  onReady(): void;
  isFinished(): boolean;
}

/** The fleet's managers, whose number and cost are counted. */
function managersOf(context: SimulationContext, surroundings: ManagerSurroundings): ManagerPool {
  const { clock, trace, outcome, isMeasured } = context;
  const { waiting, aheads, onReady, isFinished } = surroundings;
  return createManagers({
    ...context,
    settings: trace.settings,
    waiting: () => [...waiting.values()].map(({ job, queuedAt }) => ({ jobId: job.id, queuedAt })),
    onLaunched(manager, jobIds) {
      outcome.managers += isMeasured(clock.now()) ? 1 : 0;
      aheads.launched(
        manager,
        jobIds.flatMap((jobId) => waiting.get(jobId) ?? []),
      );
    },
    onReady,
    onDrained: (manager) => aheads.of(manager)?.releaseAll(),
    onEnded(startedAt, endedAt, usd) {
      const measured = Math.max(0, endedAt - Math.max(startedAt, trace.measuredFrom));
      charge(outcome.bill, 'managers', (usd * measured) / (endedAt - startedAt), true);
    },
    isFinished,
  });
}
