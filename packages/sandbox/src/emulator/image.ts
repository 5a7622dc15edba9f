import { join } from 'node:path';
import { ensureBaseImage } from '../docker/base-image.ts';
import { buildImage, type ImageBuildResult } from '../docker/build-image.ts';
import { readEnvironment } from '../environment.ts';
import type { Log } from '../setup/progress.ts';
import { REPOSITORY_ROOT } from '../setup/repository-root.ts';

/** Name of the emulator's image when it is built here. */
export const EMULATOR_IMAGE = `serverless-gitlab-runner/aws-emulator:${readEnvironment().SANDBOX_IMAGE_TAG}`;

/** Builds the emulator's image from images/aws-emulator; does nothing when nothing in it changed. */
export async function buildEmulatorImage(log: Log): Promise<ImageBuildResult> {
  const base = await ensureBaseImage(log);
  return await buildImage({
    name: EMULATOR_IMAGE,
    context: join(REPOSITORY_ROOT, 'images/aws-emulator'),
    buildArgs: { BASE_IMAGE: base },
    log,
  });
}
