import { styleText } from 'node:util';
import type { ChangedSetting } from './changed-settings.ts';

/** Renders what differs, as lines. */
export function renderChanges(fleet: string, changes: readonly ChangedSetting[]): string[] {
  if (changes.length === 0) return [`Fleet ${fleet} has these settings already.`];
  return [
    `Fleet ${fleet}:`,
    ...changes.map(
      ({ path, before, after }) => `  ${path}: ${styleText('dim', written(before))} → ${written(after)}`,
    ),
  ];
}

function written(value: unknown): string {
  return value === undefined ? 'default' : JSON.stringify(value);
}
