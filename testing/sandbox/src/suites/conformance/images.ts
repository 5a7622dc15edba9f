import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildImage,
  ensureBaseImage,
  HOST_ARCHITECTURE,
  type Log,
  nameFor,
  PLATFORM,
  REPOSITORY_ROOT,
} from '@serverless-gitlab-runner/machine';
import { DEMO_IMAGES } from '../../images/demo-images.ts';
import { downloadLockedPackage } from '../../images/locked-package.ts';
import { ensureNodeImage } from '../../images/node-image.ts';

const FOLDERS = [
  'entry-point',
  'musl',
  'no-shell',
  'postgres',
  'redis',
  'registry',
  'rootless',
  'sets-up',
  'toolbox',
] as const;

/** Image for an architecture other than the machine's. */
const OTHER_ARCHITECTURE = 'other-architecture';

/** Base images of those that are not built on the common base image. */
const BASES: Readonly<Record<string, string>> = { 'sets-up': DEMO_IMAGES.busybox };

/** Images that take minutes to build. They are built only for the suites that need them. */
export type CostlyImage = 'kaniko' | 'node';

/** Returns the name of a local image that jobs of the conformance repositories use. */
export function conformanceImage(
  folder: (typeof FOLDERS)[number] | typeof OTHER_ARCHITECTURE | CostlyImage,
): string {
  return `serverless-gitlab-runner-conformance/${folder}:local`;
}

/**
 * Builds the images of the conformance cases that are missing or outdated.
 * @param costly additional images that the chosen suites need
 */
export async function buildConformanceImages(log: Log, costly: Iterable<CostlyImage> = []): Promise<void> {
  const base = await ensureBaseImage(log);
  for (const folder of [...FOLDERS, ...new Set(costly)]) {
    if (folder === 'node') await buildNodeImage(base, log);
    else {
      const buildArgs = { BASE_IMAGE: BASES[folder] ?? base };
      await buildImage({ name: conformanceImage(folder), context: contextOf(folder), buildArgs, log });
    }
  }
  const platform = HOST_ARCHITECTURE === 'ARM64' ? PLATFORM.X86_64 : PLATFORM.ARM64;
  const context = contextOf(OTHER_ARCHITECTURE);
  await buildImage({ name: conformanceImage(OTHER_ARCHITECTURE), context, platform, log });
}

/** The image of this project's own pipeline. npm comes as its archive from the registry. */
async function buildNodeImage(base: string, log: Log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'npm-'));
  try {
    const buildArgs = { BASE_IMAGE: base, NODE_IMAGE: await ensureNodeImage(log) };
    const extraFiles = { 'npm.tgz': await downloadLockedPackage('npm', folder) };
    const context = contextOf('node');
    await buildImage({ name: conformanceImage('node'), context, buildArgs, extraFiles, log });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Builds the images of jobs and services on ARM64, on a machine of another architecture that can run ARM64 programs. */
export async function buildArmConformanceImages(log: Log): Promise<void> {
  if (HOST_ARCHITECTURE === 'ARM64') return;
  const base = await ensureBaseImage(log, 'ARM64');
  const name = nameFor(conformanceImage('redis'), 'ARM64');
  const [context, platform] = [contextOf('redis'), PLATFORM.ARM64];
  await buildImage({ name, context, platform, buildArgs: { BASE_IMAGE: base }, log });
}

function contextOf(folder: string): string {
  return join(REPOSITORY_ROOT, 'testing/sandbox/images', `conformance-${folder}`);
}
