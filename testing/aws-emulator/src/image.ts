import { join } from 'node:path';
import {
  buildImage,
  ensureBaseImage,
  type ImageBuildResult,
  type Log,
  REPOSITORY_ROOT,
  readEnvironment,
} from '@serverless-gitlab-runner/machine';

/** Name of the locally built emulator image. */
export const EMULATOR_IMAGE = `serverless-gitlab-runner/aws-emulator:${readEnvironment().SANDBOX_IMAGE_TAG}`;

/** Builds the emulator image from testing/aws-emulator/image, unless it is up to date. */
export async function buildEmulatorImage(log: Log): Promise<ImageBuildResult> {
  const base = await ensureBaseImage(log);
  return await buildImage({
    name: EMULATOR_IMAGE,
    context: join(REPOSITORY_ROOT, 'testing/aws-emulator/image'),
    buildArgs: { BASE_IMAGE: base },
    log,
  });
}
