import type { HookPlace } from '../gitlab/hook-place.ts';

/** Collects the values of an option that may be repeated. */
export function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

/** The places that `--project` and `--group` name. */
export function hookPlaces({
  project,
  group,
}: {
  project: readonly string[];
  group: readonly string[];
}): HookPlace[] {
  return [
    ...project.map((name): HookPlace => ({ kind: 'project', name })),
    ...group.map((name): HookPlace => ({ kind: 'group', name })),
  ];
}
