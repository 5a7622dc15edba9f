import { isUnusedDefinition } from './decide-definition.ts';
import { isUnusedToken, type ParameterFacts } from './decide-runner-token.ts';
import { NAMES_PER_CALL } from './runner-tokens.ts';
import type { Sweep } from './sweep-state.ts';

/** The most tokens that one sweep removes; the next look finds the others. */
const MOST_TOKENS = 50;
/** Families that one sweep asks ECS about. */
const MOST_DESCRIBED = 10;
/** The most definitions that one sweep deregisters: the reaper's share of the rate lets so many pass at once. */
const MOST_DEREGISTERED = 5;

/** Once an hour, the names of brought runner tokens that nobody uses any more, as many as a call removes at a time; else none. */
export function unusedTokens(
  { deps, clusterState }: Sweep,
  parameters: readonly ParameterFacts[],
): string[][] {
  if (!deps.tokens.isDue()) return [];
  const now = deps.now();
  const { parameterPrefix: prefix } = deps;
  const names = parameters
    .filter((parameter) => isUnusedToken({ parameter, prefix, managers: clusterState.managers, now }))
    .slice(0, MOST_TOKENS)
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
 * Once an hour, the ARNs of some task definitions of jobs that nobody uses any more, of families picked at random; else none.
 * ECS tells a definition's age only when it is described.
 */
export async function unusedDefinitions({ deps, clusterState }: Sweep): Promise<string[]> {
  const { definitions, random, now } = deps;
  if (!definitions.isDue()) return [];
  const unused: string[] = [];
  for (const family of pick(await definitions.families(), MOST_DESCRIBED, random)) {
    const definition = await definitions.newest(family);
    if (definition && isUnusedDefinition({ definition, jobTasks: clusterState.jobTasks, now: now() }))
      unused.push(definition.arn);
    if (unused.length === MOST_DEREGISTERED) break;
  }
  return unused;
}

export async function deregister({ deps, summary }: Sweep, arn: string): Promise<void> {
  await deps.definitions.deregister(arn);
  summary.definitions += 1;
  deps.log('task definition deregistered', { arn });
}

/** So many of them at random, each once; all where there are no more. @param random 0 to 1, 1 excluded */
function pick<Item>(items: readonly Item[], most: number, random: () => number): Item[] {
  const left = [...items];
  const picked: Item[] = [];
  while (picked.length < most && left.length > 0)
    picked.push(...left.splice(Math.floor(random() * left.length), 1));
  return picked;
}
