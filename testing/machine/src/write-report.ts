import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './repository-root.ts';

/** Folder of the reports, which are not committed. */
export const REPORTS = join(REPOSITORY_ROOT, 'reports');

/** Writes a report as JSON, for example `bench.json`. */
export function writeReport(name: string, content: unknown): void {
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(join(REPORTS, name), `${JSON.stringify(content, null, 2)}\n`);
}
