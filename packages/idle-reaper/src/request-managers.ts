import type { ManagerFacts, RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { buildEntry, type ManagerRequestCause } from '@serverless-gitlab-runner/shared-events';
import { decideFleet } from './decide-fleet.ts';
import { decideReplacement, type ReplacementDecision } from './decide-replacement.ts';
import type { FleetFacts } from './fleet-facts.ts';
import { jobTasksOf, type Sweep } from './sweep-state.ts';

/** Requests at most one manager for each fleet and token: the launcher itself counts existing managers. */
export function requestManagers(state: Sweep, fleets: ReadonlyMap<string, FleetFacts>): void {
  const { deps, clusterState } = state;
  const now = deps.now();
  const requested = new Set<string>();
  const request = (queue: RunnerQueue, cause: ManagerRequestCause, managerTaskArn?: string) => {
    const { fleet, runnerTokenParameter } = queue;
    const key = `${fleet} ${runnerTokenParameter ?? ''}`;
    if (requested.has(key)) return;
    requested.add(key);
    addRequest(state, { fleet, runnerTokenParameter, cause, managerTaskArn });
  };
  for (const manager of clusterState.managers) {
    const decision = replacementOf(state, fleets, manager);
    if (decision.kind === 'request') request(manager, decision.cause, manager.taskArn);
  }
  for (const fleet of fleets.values()) {
    const decision = decideFleet({ fleet, managers: clusterState.managers, now });
    if (decision.kind === 'request')
      request({ fleet: fleet.name, runnerTokenParameter: undefined }, decision.cause);
  }
}

/** Decides from the facts that the sweep has read whether a manager must be replaced. */
export function replacementOf(
  { deps, clusterState }: Sweep,
  fleets: ReadonlyMap<string, FleetFacts>,
  manager: ManagerFacts,
): ReplacementDecision {
  return decideReplacement({
    manager,
    jobTasks: jobTasksOf(clusterState, manager),
    managers: clusterState.managers,
    fleet: fleets.get(manager.fleet),
    now: deps.now(),
  });
}

function addRequest(
  { deps, summary, events }: Sweep,
  detail: RunnerQueue & { cause: ManagerRequestCause; managerTaskArn: string | undefined },
): void {
  summary.requested += 1;
  deps.log('manager requested', { ...detail });
  const occurredAt = new Date(deps.now()).toISOString();
  events.push(buildEntry(deps.eventBusName, 'ManagerRequested', { ...detail, occurredAt }));
}
