import { join } from 'node:path';
import { buildImage, ensureBaseImage } from '../docker/index.ts';
import type { Log } from '../setup/progress.ts';
import { REPOSITORY_ROOT } from '../setup/repository-root.ts';

const FOLDERS = ['entry-point', 'no-shell', 'postgres', 'redis', 'registry', 'rootless', 'toolbox'] as const;

/** Images that take minutes to build: only for the suites that name them. */
export type CostlyImage = 'kaniko';

/** Name of a local image that the conformance repositories' jobs use. */
export function conformanceImage(folder: (typeof FOLDERS)[number] | CostlyImage): string {
  return `serverless-gitlab-runner-conformance/${folder}:local`;
}

/**
 * Builds the images of the conformance cases where they are missing or older than their sources.
 * @param costly those that the chosen suites need besides
 */
export async function buildConformanceImages(log: Log, costly: Iterable<CostlyImage> = []): Promise<void> {
  const base = await ensureBaseImage(log);
  for (const folder of [...FOLDERS, ...new Set(costly)]) {
    const context = join(REPOSITORY_ROOT, 'packages/sandbox/images', `conformance-${folder}`);
    await buildImage({ name: conformanceImage(folder), context, buildArgs: { BASE_IMAGE: base }, log });
  }
}
