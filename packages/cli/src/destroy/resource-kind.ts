/** One kind of what an installation leaves in an account, such as its log groups. */
export interface ResourceKind {
  /** In the plural. */
  what: string;
  /** What exists now, by name. */
  list(): Promise<string[]>;
  /** Removes them; one that is gone already counts as removed. @returns those that remain, with a warning */
  remove(names: readonly string[]): Promise<string[]>;
}

/** @throws the error, unless it has one of these names */
export async function unlessGone(gone: RegExp, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error && gone.test(error.name))) throw error;
  }
}

/** Parts of at most `size` items. */
export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
