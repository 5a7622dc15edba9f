import { confirm } from '../confirm.ts';
import type { HookPlace } from '../gitlab/hook-place.ts';
import { trustAuthoritiesOf } from '../gitlab/trust-authorities.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { createDestroyClients, type DestroyClients } from './destroy-clients.ts';
import { destroyInstallation } from './destroy-installation.ts';
import { keepLogGroups } from './keep-log-groups.ts';
import { listLogGroups } from './log-groups.ts';
import { type DestroyFacts, readDestroyFacts } from './read-facts.ts';
import { gitlabPlaces, planRemovals, type Removals } from './removals.ts';
import { RemovalRecord } from './remove-kinds.ts';
import { type Remaining, renderLists, renderRemaining } from './render-removal.ts';
import { whatRemains } from './what-remains.ts';

export interface DestroyCommand {
  /** Milliseconds for which jobs may still run. */
  drainMs: number;
  yes: boolean;
  json: boolean;
  keepCache: boolean;
  keepLogs: boolean;
  places: readonly HookPlace[];
  gitlabToken: string | undefined;
}

/** How often CloudFormation and ECS are asked. */
interface Pace {
  pollMs?: number;
}

/** `sgr destroy`. */
export async function printDestroy(
  command: DestroyCommand,
  terminal: Terminal,
  clients: DestroyClients = createDestroyClients(),
  pace: Pace = {},
): Promise<void> {
  const { json, keepCache, keepLogs, places, gitlabToken } = command;
  const log = terminal.printError;
  const facts = await readDestroyFacts(clients, terminal.now());
  trustAuthoritiesOf(facts.fleets);
  const removals = planRemovals(clients, facts, { keepCache, keepLogs, places, gitlabToken, log });
  const record = new RemovalRecord();
  await record.plan([
    ...[...removals.beforeStack.values()].flat(),
    ...removals.whenIdle,
    ...removals.afterStacks,
  ]);
  const remaining = whatRemains(facts, {
    keepCache,
    keptLogs: keepLogs ? await listLogGroups(clients.logs, facts.parameterPrefix) : [],
    hasGitLabToken: gitlabToken !== undefined,
    gitlabs: gitlabPlaces(facts, places),
  });
  const stacks = [...facts.stacks.keys()];
  const plan = [...(stacks.length > 0 ? [{ what: 'stacks', items: stacks }] : []), ...record.plannedList];
  const print = json ? () => undefined : terminal.print;
  if (plan.length > 0) {
    announce(plan, remaining, facts, terminal);
    await confirm('Remove all this?', command.yes, terminal);
    await remove(facts, removals, record, { ...command, log, ...pace }, clients);
  }
  const removed = record.removedList;
  if (json) return terminal.print(JSON.stringify({ region: facts.region, removed, remaining }, undefined, 2));
  if (removed.length === 0) print(`Nothing of this installation is left in ${facts.region}.`);
  else for (const line of renderLists(`Removed from ${facts.region}:`, removed)) print(line);
  const columns = terminal.columns ?? DEFAULT_COLUMNS;
  for (const line of renderRemaining('What stays:', remaining, columns)) print(line);
}

/** On stderr: the result of the command is what it removed. */
function announce(
  plan: Parameters<typeof renderLists>[1],
  remaining: readonly Remaining[],
  { region }: DestroyFacts,
  { printError, columns = DEFAULT_COLUMNS }: Terminal,
): void {
  for (const line of renderLists(`To be removed from ${region}:`, plan)) printError(line);
  for (const line of renderRemaining('What will stay:', remaining, columns)) printError(line);
  printError('');
}

async function remove(
  facts: DestroyFacts,
  { beforeStack, whenIdle, afterStacks }: Removals,
  record: RemovalRecord,
  {
    drainMs,
    keepLogs,
    log,
    pollMs,
  }: Pick<DestroyCommand, 'drainMs' | 'keepLogs'> & Pace & { log(line: string): void },
  clients: DestroyClients,
): Promise<void> {
  const { cloudFormation, ecs, s3 } = clients;
  const pace = pollMs === undefined ? {} : { pollMs };
  const [bucket] = [...facts.stacks.values()]
    .flatMap(({ bundles }) => bundles)
    .map((bundle) => bundle.split('/')[0]);
  await destroyInstallation({
    cloudFormation,
    ecs,
    log,
    drainMs,
    ...pace,
    async beforeStack(stack) {
      if (keepLogs) await keepLogGroups(stack, { cloudFormation, s3, bucket, log, ...pace });
      await record.remove(beforeStack.get(stack) ?? [], log);
    },
    whenIdle: () => record.remove(whenIdle, log),
  });
  record.removed('stacks', [...facts.stacks.keys()]);
  await record.goneWithStacks(afterStacks);
  await record.remove(afterStacks, log);
}
