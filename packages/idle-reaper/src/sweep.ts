import { failureName } from '@serverless-gitlab-runner/aws/calls';
import type { ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { FleetFacts } from './fleet-facts.ts';
import { orphanedSecrets, removeSecret } from './orphaned-secrets.ts';
import type { StoredFleets } from './read-fleets.ts';
import { decisionFor, reconcileJobTask, reconcileManager } from './reconcile-tasks.ts';
import { deregister, removeTokens, unusedDefinitions, unusedTokens } from './remove-unused.ts';
import { replacementOf, requestManagers } from './request-managers.ts';
import type { Sweep, SweepDeps, SweepSummary } from './sweep-state.ts';

/** Some steps of a sweep failed. The others were done. The next sweep retries, and the error alarm reports the failure. */
export class SweepIncompleteError extends Error {
  override readonly name = 'SweepIncompleteError';
}

/**
 * Reads all fleets and tasks once, decides, and acts. A failing call ends its own step only.
 * @throws {SweepIncompleteError} at the end, when a step failed
 */
export async function sweep(deps: SweepDeps): Promise<SweepSummary> {
  const summary: SweepSummary = {
    managers: 0,
    jobTasks: 0,
    drained: 0,
    stopped: 0,
    requested: 0,
    secrets: 0,
    tokens: 0,
    definitions: 0,
    failures: 0,
  };
  const attempt = createAttempt(deps, summary);
  const report = (fleet: string, problem: string) => {
    summary.failures += 1;
    deps.log('fleet invalid', { fleet, problem }, 'warn');
  };
  const stored = await attempt('read fleets', () => deps.readFleets(report));
  const fleets = stored?.fleets;
  const clusterState = await attempt('read tasks', () => deps.readClusterState([...(fleets?.keys() ?? [])]));
  if (clusterState !== undefined) {
    summary.managers = clusterState.managers.length;
    summary.jobTasks = clusterState.jobTasks.length;
    const state: Sweep = { deps, fleets, clusterState, summary, events: [] };
    for (const jobTask of clusterState.jobTasks)
      await attempt('job task', () => reconcileJobTask(state, jobTask), jobTask.taskArn);
    const isComplete =
      fleets && (await attempt('read ended job tasks', () => readEndedIfNeeded(state, fleets)));
    if (fleets !== undefined && isComplete) {
      for (const manager of [...clusterState.managers])
        await attempt('manager', () => reconcileManager(state, manager), manager.taskArn);
      await attempt('request managers', async () => requestManagers(state, fleets));
    }
    await attempt('publish events', () => deps.publish(state.events));
    await removeUnused(state, stored, attempt);
  }
  deps.log('sweep', { ...summary });
  if (summary.failures > 0)
    throw new SweepIncompleteError(
      `${summary.failures} steps of the sweep failed: see the preceding log lines`,
    );
  return summary;
}

/** Removes orphaned secrets of jobs, unused webhook runner tokens, and unused task definitions of jobs. */
async function removeUnused(state: Sweep, stored: StoredFleets | undefined, attempt: Attempt): Promise<void> {
  if (stored !== undefined) {
    const orphaned = await attempt('secrets', () => orphanedSecrets(state, stored.fleets));
    for (const secret of orphaned ?? []) await attempt('secret', () => removeSecret(state, secret));
    for (const names of unusedTokens(state, stored.parameters))
      await attempt('runner tokens', () => removeTokens(state, names));
  }
  const definitions = await attempt('task definitions', () => unusedDefinitions(state));
  for (const arn of definitions ?? []) await attempt('task definition', () => deregister(state, arn));
}

/**
 * Reads ended job tasks if, without them, a manager would be drained, stopped or replaced: the end of its last job may change
 * that decision.
 */
async function readEndedIfNeeded(state: Sweep, fleets: ReadonlyMap<string, FleetFacts>): Promise<true> {
  const { clusterState, deps } = state;
  if (clusterState.managers.some((manager) => wouldAct(state, fleets, manager))) {
    const known = new Set(clusterState.jobTasks.map(({ taskArn }) => taskArn));
    const { jobTasks: ended } = await deps.readEndedTasks();
    clusterState.jobTasks.push(...ended.filter(({ taskArn }) => !known.has(taskArn)));
  }
  return true;
}

function wouldAct(state: Sweep, fleets: ReadonlyMap<string, FleetFacts>, manager: ManagerFacts): boolean {
  return (
    decisionFor(state, manager).kind !== 'keep' || replacementOf(state, fleets, manager).kind === 'request'
  );
}

type Attempt = ReturnType<typeof createAttempt>;

function createAttempt({ log }: SweepDeps, summary: SweepSummary) {
  return async <Result>(
    step: string,
    run: () => Promise<Result>,
    taskArn?: string,
  ): Promise<Result | undefined> => {
    try {
      return await run();
    } catch (error) {
      summary.failures += 1;
      const problem = error instanceof Error ? error.message : String(error);
      log('step failed', { step, taskArn, failure: failureName(error), problem }, 'warn');
      return undefined;
    }
  };
}
