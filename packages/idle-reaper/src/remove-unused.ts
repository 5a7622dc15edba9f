import { isUnusedDefinition } from './decide-definition.ts';
import { isUnusedToken, type ParameterFacts } from './decide-runner-token.ts';
import { NAMES_PER_CALL } from './runner-tokens.ts';
import type { Sweep } from './sweep-state.ts';

/** Maximum number of tokens that one sweep removes. The next check finds the rest. */
const MAX_TOKENS = 50;
/** Maximum number of families that one sweep describes. */
const MAX_DESCRIBED = 10;
/** Maximum number of definitions that one sweep deregisters: the burst of the reaper's share of the rate. */
const MAX_DEREGISTERED = 5;

/** Once an hour, returns the names of unused webhook runner tokens, in batches of one call each; otherwise none. */
export function unusedTokens(
  { deps, clusterState }: Sweep,
  parameters: readonly ParameterFacts[],
): string[][] {
  if (!deps.tokens.isDue()) return [];
  const now = deps.now();
  const { parameterPrefix: prefix } = deps;
  const names = parameters
    .filter((parameter) => isUnusedToken({ parameter, prefix, managers: clusterState.managers, now }))
    .slice(0, MAX_TOKENS)
    .map(({ name }) => name);
  const calls = Math.ceil(names.length / NAMES_PER_CALL);
  return Array.from({ length: calls }, (_, call) =>
    names.slice(call * NAMES_PER_CALL, (call + 1) * NAMES_PER_CALL),
  );
}

export async function removeTokens({ deps, summary }: Sweep, names: readonly string[]): Promise<void> {
  const removed = await deps.tokens.remove(names);
  summary.tokens += removed.length;
  deps.log('runner tokens removed', { removed });
}

/**
 * Once an hour, returns the ARNs of some unused task definitions of jobs; otherwise none. Families are picked at random, since
 * ECS returns a definition's age only when the definition is described.
 */
export async function unusedDefinitions({ deps, clusterState }: Sweep): Promise<string[]> {
  const { definitions, random, now } = deps;
  if (!definitions.isDue()) return [];
  const unused: string[] = [];
  for (const family of pick(await definitions.families(), MAX_DESCRIBED, random)) {
    const definition = await definitions.newest(family);
    if (definition && isUnusedDefinition({ definition, jobTasks: clusterState.jobTasks, now: now() }))
      unused.push(definition.arn);
    if (unused.length === MAX_DEREGISTERED) break;
  }
  return unused;
}

export async function deregister({ deps, summary }: Sweep, arn: string): Promise<void> {
  await deps.definitions.deregister(arn);
  summary.definitions += 1;
  deps.log('task definition deregistered', { arn });
}

/** Picks up to `count` distinct items at random. @param random 0 to 1, 1 excluded */
function pick<Item>(items: readonly Item[], count: number, random: () => number): Item[] {
  const left = [...items];
  const picked: Item[] = [];
  while (picked.length < count && left.length > 0)
    picked.push(...left.splice(Math.floor(random() * left.length), 1));
  return picked;
}
