import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  buildImage,
  defaultImageOf,
  ensureBaseImage,
  HOST_ARCHITECTURE,
  type Log,
  nameFor,
  PLATFORM,
  REPOSITORY_ROOT,
  type SandboxEnvironment,
  tryCommand,
} from '@serverless-gitlab-runner/machine';
import { ensureNodeImage } from './node-image.ts';

/** GitLab's own image, the default base of images/runner and images/job-base. */
const OFFICIAL_IMAGE = defaultImageOf(join(REPOSITORY_ROOT, 'images/runner/Dockerfile'), 'RUNNER_IMAGE');
const LOCAL_IMAGE = 'serverless-gitlab-runner/gitlab-runner';
/** The program, where all images have it; the double is a script that Node runs, from a folder beside it. */
const PROGRAM = '/usr/bin/gitlab-runner';
const DOUBLE = `${PROGRAM} /usr/lib/gitlab-runner-double`;
const CONTEXT = join(REPOSITORY_ROOT, 'testing/sandbox/images/gitlab-runner');

/** The image that contains `gitlab-runner`. */
export interface RunnerBaseImage {
  name: string;
  /** Describes the runner, for the log. */
  kind: string;
  /** Origin of the runner: GitLab's official image, the user's own image or binary, or the double. */
  source: 'official' | 'own' | 'double';
  /** Paths of the program, for the build argument RUNNER_FILES. */
  files: string;
  /** Tag of the images that contain it: images with the user's own runner do not replace the others. */
  tag: string;
}

/** GITLAB_RUNNER_BIN or GITLAB_RUNNER_BIN_ARM64 names a file that does not exist. */
export class MissingRunnerBinaryError extends Error {
  override readonly name = 'MissingRunnerBinaryError';
}

/**
 * Chooses where managers and helpers get their gitlab-runner from: the image or the binary that the environment names, else GitLab's image
 * where it can be pulled, else the runner double.
 * @throws {MissingRunnerBinaryError}
 */
export async function runnerBaseImage(
  environment: SandboxEnvironment,
  baseImage: string,
  log: Log,
): Promise<RunnerBaseImage> {
  const { SANDBOX_RUNNER_IMAGE: image, GITLAB_RUNNER_BIN: binary, SANDBOX_IMAGE_TAG: tag } = environment;
  const ownTag = tag === 'local' ? 'own-runner' : `${tag}-own-runner`;
  if (image) return { name: image, kind: `the image ${image}`, source: 'own', files: PROGRAM, tag: ownTag };
  if (binary) {
    const files = realBinary(binary, 'GITLAB_RUNNER_BIN');
    const name = await buildWith(files, `${LOCAL_IMAGE}:${ownTag}`, baseImage, log);
    return { name, kind: `the gitlab-runner at ${binary}`, source: 'own', files: PROGRAM, tag: ownTag };
  }
  if ((await tryCommand('docker', ['pull', '--quiet', OFFICIAL_IMAGE])).ok)
    return { name: OFFICIAL_IMAGE, kind: OFFICIAL_IMAGE, source: 'official', files: PROGRAM, tag };
  const files = doubleFiles();
  const name = await buildWith(files, `${LOCAL_IMAGE}:${tag}`, baseImage, log);
  return { name, kind: 'the runner double', source: 'double', files: DOUBLE, tag };
}

/** Whether helpers on ARM64 have a runner. The user's own runner is for this machine, so ARM64 needs a second binary. */
export function hasArmRunner(environment: SandboxEnvironment, { source }: RunnerBaseImage): boolean {
  return (
    HOST_ARCHITECTURE === 'ARM64' || source !== 'own' || environment.GITLAB_RUNNER_BIN_ARM64 !== undefined
  );
}

/**
 * Returns the name of the same base image for ARM64, on a machine of another architecture.
 * @throws {MissingRunnerBinaryError}
 */
export async function armRunnerBaseImage(
  { GITLAB_RUNNER_BIN_ARM64: binary }: SandboxEnvironment,
  runner: RunnerBaseImage,
  log: Log,
): Promise<string> {
  if (binary === undefined && runner.source !== 'double') return runner.name;
  const files = binary ? realBinary(binary, 'GITLAB_RUNNER_BIN_ARM64') : doubleFiles();
  const name = nameFor(`${LOCAL_IMAGE}:${runner.tag}`, 'ARM64');
  const base = await ensureBaseImage(log, 'ARM64');
  const NODE_IMAGE = await ensureNodeImage(log, 'ARM64');
  const buildArgs = { BASE_IMAGE: base, NODE_IMAGE };
  const platform = PLATFORM.ARM64;
  await buildImage({ name, context: CONTEXT, platform, buildArgs, extraFiles: files, log });
  return name;
}

function doubleFiles(): Record<string, string> {
  return {
    'bin/gitlab-runner': join(CONTEXT, 'run-double'),
    'lib/gitlab-runner.mjs': join(REPOSITORY_ROOT, 'testing/runner-double/dist/gitlab-runner.mjs'),
  };
}

function realBinary(path: string, variable: string): Record<string, string> {
  const binary = resolve(path);
  if (!existsSync(binary))
    throw new MissingRunnerBinaryError(`${variable} names ${path}, which does not exist`);
  return { 'bin/gitlab-runner': binary };
}

async function buildWith(
  extraFiles: Record<string, string>,
  name: string,
  baseImage: string,
  log: Log,
): Promise<string> {
  const buildArgs = { BASE_IMAGE: baseImage, NODE_IMAGE: await ensureNodeImage(log) };
  await buildImage({ name, context: CONTEXT, buildArgs, extraFiles, log });
  return name;
}
