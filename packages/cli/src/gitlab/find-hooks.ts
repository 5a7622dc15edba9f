import { unlessRefused } from './gitlab-error.ts';
import type { GitLabHooks } from './gitlab-hooks.ts';
import type { GitLabHook } from './gitlab-reader.ts';
import { type HookPlace, pointsAt } from './hook-place.ts';

/** A webhook, and where it is. */
export interface PlacedHook {
  place: HookPlace;
  hook: GitLabHook;
}

/**
 * Finds the webhooks whose URL is an installation's, each once: a project may be known by its id and by its path.
 * @param warn called with the places that cannot be read
 */
export async function findHooks(
  api: GitLabHooks,
  places: readonly HookPlace[],
  webhookUrl: string,
  warn: (problem: string) => void,
): Promise<PlacedHook[]> {
  const found = new Map<number, PlacedHook>();
  for (const place of places)
    for (const hook of (await unlessRefused(() => api.list(place), warn)) ?? [])
      if (pointsAt(hook, webhookUrl) && !found.has(hook.id)) found.set(hook.id, { place, hook });
  return [...found.values()];
}
