import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildImage } from '../docker/index.ts';
import type { SandboxEnvironment } from '../environment.ts';
import type { Log } from '../setup/progress.ts';
import { NODE_BINARY, REPOSITORY_ROOT } from '../setup/repository-root.ts';
import { tryCommand } from '../setup/run-command.ts';

/** GitLab's own image, the one that images/runner and images/job-base stand on by default. */
const OFFICIAL_IMAGE = 'gitlab/gitlab-runner:ubuntu-v18.5.0';
const LOCAL_IMAGE = 'serverless-gitlab-runner/gitlab-runner';
const CONTEXT = join(REPOSITORY_ROOT, 'packages/sandbox/images/gitlab-runner');

/** The image with `gitlab-runner` in it, and a word on which one it is. */
export interface RunnerBaseImage {
  name: string;
  kind: string;
  /** Of the images that stand on it: who runs with a runner of their own leaves the others alone. */
  tag: 'local' | 'own-runner';
}

/** GITLAB_RUNNER_BIN names no file. */
export class MissingRunnerBinaryError extends Error {
  override readonly name = 'MissingRunnerBinaryError';
}

/**
 * Chooses what managers and helpers stand on: the image or the binary that the environment names, else GitLab's image
 * where it can be pulled, else the runner double.
 * @throws {MissingRunnerBinaryError}
 */
export async function runnerBaseImage(
  environment: SandboxEnvironment,
  baseImage: string,
  log: Log,
): Promise<RunnerBaseImage> {
  const { SANDBOX_RUNNER_IMAGE: image, GITLAB_RUNNER_BIN: binary } = environment;
  if (image) return { name: image, kind: `the image ${image}`, tag: 'own-runner' };
  if (binary) {
    const name = await buildWith(realBinary(binary), `${LOCAL_IMAGE}:own-runner`, baseImage, log);
    return { name, kind: `the gitlab-runner at ${binary}`, tag: 'own-runner' };
  }
  if ((await tryCommand('docker', ['pull', '--quiet', OFFICIAL_IMAGE])).ok)
    return { name: OFFICIAL_IMAGE, kind: OFFICIAL_IMAGE, tag: 'local' };
  const name = await buildWith(DOUBLE_FILES, `${LOCAL_IMAGE}:local`, baseImage, log);
  return { name, kind: 'the runner double', tag: 'local' };
}

const DOUBLE_FILES = {
  'bin/gitlab-runner': join(CONTEXT, 'run-double'),
  'lib/gitlab-runner.mjs': join(REPOSITORY_ROOT, 'packages/runner-double/dist/gitlab-runner.mjs'),
  'lib/node': NODE_BINARY,
};

function realBinary(path: string): Record<string, string> {
  const binary = resolve(path);
  if (!existsSync(binary))
    throw new MissingRunnerBinaryError(`GITLAB_RUNNER_BIN names ${path}, which does not exist`);
  return { 'bin/gitlab-runner': binary };
}

async function buildWith(
  extraFiles: Record<string, string>,
  name: string,
  baseImage: string,
  log: Log,
): Promise<string> {
  const buildArgs = { BASE_IMAGE: baseImage };
  await buildImage({ name, context: CONTEXT, buildArgs, extraFiles, log });
  return name;
}
