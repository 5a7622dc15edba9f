import { readEndedTasks } from '@serverless-gitlab-runner/aws/ecs-tasks';
import {
  type FleetFacts,
  type readClusterState,
  SweepIncompleteError,
  sweep,
} from '@serverless-gitlab-runner/idle-reaper';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import { type Actor, createActor, kill } from '../actor.ts';
import { type Clock, START } from '../clock.ts';
import { ecsClient } from '../ecs/sdk-clients.ts';
import type { EcsApi } from '../ecs/simulated-ecs.ts';
import type { EcsListener } from '../ecs/task-store.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { Wire } from '../wire.ts';
import type { Bus } from './bus.ts';

export interface ReaperDeps {
  clock: Clock;
  random: Random;
  faults: Faults;
  wire: Wire;
  bus: Bus;
  /** Receives events of stopped tasks, as through EventBridge. */
  listeners: EcsListener[];
  /** ECS for one sweep. */
  ecs(): EcsApi;
  fleets(): Map<string, FleetFacts>;
  readClusterState: typeof readClusterState;
  trace(line: string, fields: Record<string, unknown>): void;
  beforeSweep(minute: number): void;
  onCrash(error: unknown): void;
}

const CLUSTER = 'cluster';
const MINUTE_MS = 60_000;
/** Maximum delay. EventBridge Scheduler is precise to the minute only, and events of ECS take some seconds. */
const LATER_MS = 4000;
const BEFORE_MS = 3000;
const TIMEOUT_MS = 120_000;
const LOST_EVENTS_PERCENT = 10;

/** Runs the reaper's real sweep every minute and whenever a manager stops. Sweeps may overlap. */
export function startReaper(deps: ReaperDeps): void {
  const { clock, random, faults } = deps;

  const run = () => {
    const actor = createActor('reaper', undefined, deps);
    clock.after(TIMEOUT_MS, () => kill(actor));
    sweepOnce(actor, deps).catch((error: unknown) => {
      if (!(error instanceof SweepIncompleteError)) deps.onCrash(error);
    });
  };

  const everyMinute = (minute: number) => {
    const at = START + minute * MINUTE_MS + random.between(0, LATER_MS);
    clock.at(at - BEFORE_MS, () => deps.beforeSweep(minute));
    clock.at(at, () => {
      if (!faults.hits(faults.rates().skippedSweeps)) run();
      everyMinute(minute + 1);
    });
  };
  everyMinute(1);

  deps.listeners.push({
    onStopped({ role }) {
      if (role !== 'manager') return;
      if (faults.on() && random.chance(LOST_EVENTS_PERCENT)) return;
      clock.after(random.between(300, LATER_MS), run);
    },
  });
}

/** The steps of the reaper's `handler.ts`. */
async function sweepOnce(actor: Actor, deps: ReaperDeps): Promise<void> {
  const { clock, random, wire, bus } = deps;
  const ecs = ecsClient(actor, wire, deps.ecs());
  await sweep({
    ecs,
    cluster: CLUSTER,
    eventBusName: 'bus',
    readClusterState: (fleets) => deps.readClusterState(ecs, CLUSTER, fleets),
    readEndedTasks: () => readEndedTasks(ecs, CLUSTER),
    readFleets: async () => ({
      fleets: await wire.call(actor, 'GetParametersByPath', deps.fleets),
      parameters: [],
    }),
    secrets: { isDue: () => false, list: async () => [], remove: async () => false },
    parameterPrefix: '/p',
    tokens: { isDue: () => false, remove: async () => [] },
    definitions: {
      isDue: () => false,
      families: async () => [],
      newest: async () => undefined,
      deregister: async () => {},
    },
    publish: (entries) => publish(entries, actor, deps),
    now: clock.now,
    random: () => random.between(0, 999) / 1000,
    log: deps.trace,
  });

  async function publish(entries: readonly EventEntry[], by: Actor, { faults }: ReaperDeps): Promise<void> {
    if (entries.length === 0) return;
    const refused = await wire.call(by, 'PutEvents', () => {
      const taken = entries.filter(() => !faults.hits(faults.rates().failing));
      bus.put(taken);
      return entries.length - taken.length;
    });
    if (refused > 0) throw new Error('EventBridge did not accept all events');
  }
}
