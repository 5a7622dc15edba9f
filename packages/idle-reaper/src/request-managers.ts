import type { ManagerFacts, Serving } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { buildEntry, type ManagerRequestCause } from '@serverless-gitlab-runner/shared-events';
import type { FleetFacts } from './fleet-facts.ts';
import { judgeFleet } from './judge-fleet.ts';
import { judgeReplacement, type ReplacementVerdict } from './judge-replacement.ts';
import { jobTasksOf, type Sweep } from './sweep-state.ts';

/** One request for each fleet and token: the launcher counts what is there itself. */
export function requestManagers(state: Sweep, fleets: ReadonlyMap<string, FleetFacts>): void {
  const { parts, world } = state;
  const now = parts.now();
  const requested = new Set<string>();
  const request = (serving: Serving, cause: ManagerRequestCause, managerTaskArn?: string) => {
    const { fleet, runnerTokenParameter } = serving;
    const key = `${fleet} ${runnerTokenParameter ?? ''}`;
    if (requested.has(key)) return;
    requested.add(key);
    addRequest(state, { fleet, runnerTokenParameter, cause, managerTaskArn });
  };
  for (const manager of world.managers) {
    const verdict = replacementOf(state, fleets, manager);
    if (verdict.kind === 'request') request(manager, verdict.cause, manager.taskArn);
  }
  for (const fleet of fleets.values()) {
    const verdict = judgeFleet({ fleet, managers: world.managers, now });
    if (verdict.kind === 'request')
      request({ fleet: fleet.name, runnerTokenParameter: undefined }, verdict.cause);
  }
}

/** Judges by what the sweep has read whether a manager needs another one in its place. */
export function replacementOf(
  { parts, world }: Sweep,
  fleets: ReadonlyMap<string, FleetFacts>,
  manager: ManagerFacts,
): ReplacementVerdict {
  return judgeReplacement({
    manager,
    jobTasks: jobTasksOf(world, manager),
    managers: world.managers,
    fleet: fleets.get(manager.fleet),
    now: parts.now(),
  });
}

function addRequest(
  { parts, summary, events }: Sweep,
  detail: Serving & { cause: ManagerRequestCause; managerTaskArn: string | undefined },
): void {
  summary.requested += 1;
  parts.log('manager requested', { ...detail });
  const occurredAt = new Date(parts.now()).toISOString();
  events.push(buildEntry(parts.eventBusName, 'ManagerRequested', { ...detail, occurredAt }));
}
