import type { Serving } from '@serverless-gitlab-runner/ecs-tasks';
import { buildEntry, type ManagerRequestCause } from '@serverless-gitlab-runner/shared-events';
import type { FleetFacts } from './fleet-facts.ts';
import { judgeFleet } from './judge-fleet.ts';
import { judgeReplacement } from './judge-replacement.ts';
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
    const fleet = fleets.get(manager.fleet);
    const jobTasks = jobTasksOf(world, manager);
    const verdict = judgeReplacement({ manager, jobTasks, managers: world.managers, fleet, now });
    if (verdict.kind === 'request') request(manager, verdict.cause, manager.taskArn);
  }
  for (const fleet of fleets.values()) {
    const verdict = judgeFleet({ fleet, managers: world.managers, now });
    if (verdict.kind === 'request')
      request({ fleet: fleet.name, runnerTokenParameter: undefined }, verdict.cause);
  }
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
