import type { ResourceKind } from './resource-kind.ts';

/** What was found and removed, by kind. */
export class RemovalRecord {
  readonly #planned = new Map<string, Set<string>>();
  readonly #removed = new Map<string, Set<string>>();

  /** Lists what exists, before anything is removed. */
  async plan(kinds: readonly ResourceKind[]): Promise<void> {
    for (const kind of kinds) add(this.#planned, kind.what, await kind.list());
  }

  /** Removes what exists now. */
  async remove(kinds: readonly ResourceKind[], log: (line: string) => void): Promise<void> {
    for (const kind of kinds) {
      const names = await kind.list();
      if (names.length === 0) continue;
      log(`${kind.what}: removing ${names.length}`);
      const remaining = await kind.remove(names);
      this.removed(
        kind.what,
        names.filter((name) => !remaining.includes(name)),
      );
    }
  }

  removed(what: string, names: readonly string[]): void {
    add(this.#removed, what, names);
  }

  /** Counts as removed what was planned and no longer exists: a stack's removal took it away. */
  async goneWithStacks(kinds: readonly ResourceKind[]): Promise<void> {
    for (const kind of kinds) {
      const left = new Set(await kind.list());
      this.removed(
        kind.what,
        [...(this.#planned.get(kind.what) ?? [])].filter((name) => !left.has(name)),
      );
    }
  }

  get plannedList(): NamedList[] {
    return listsOf(this.#planned);
  }

  get removedList(): NamedList[] {
    return listsOf(this.#removed);
  }
}

/** Names under a heading. */
export interface NamedList {
  what: string;
  items: string[];
}

function add(lists: Map<string, Set<string>>, what: string, names: readonly string[]): void {
  if (names.length === 0) return;
  lists.set(what, new Set([...(lists.get(what) ?? []), ...names]));
}

function listsOf(lists: ReadonlyMap<string, ReadonlySet<string>>): NamedList[] {
  return [...lists].map(([what, items]) => ({ what, items: [...items] }));
}
