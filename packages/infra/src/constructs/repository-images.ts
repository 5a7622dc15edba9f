import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Architecture } from '@serverless-gitlab-runner/fleet';
import { SymlinkFollowMode } from 'aws-cdk-lib';
import { type DockerImageAssetProps, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { productFile } from '../product-files.ts';

/** A part of the manager's image does not exist. The message says how to build it. */
export class MissingImagePartError extends Error {
  override readonly name = 'MissingImagePartError';
}

/** Folders with the parts of the manager's image. */
export interface RunnerImageContext {
  /** Folder of the Dockerfile. */
  readonly dockerfile: string;
  /** Folder of packages/runner-manager, built. */
  readonly executor: string;
}

/** The helper's image, built from this product's files for one architecture. */
export function builtJobBaseImage(architecture: Architecture): DockerImageAssetProps {
  return { directory: productFile('images/job-base'), platform: platformOf(architecture) };
}

/**
 * The manager's image, built from this product's files.
 * @throws {MissingImagePartError}
 */
export function builtRunnerImage(architecture: Architecture): DockerImageAssetProps {
  const directory = mkdtempSync(join(tmpdir(), 'serverless-gitlab-runner-image-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  stageRunnerImage(directory, {
    dockerfile: productFile('images/runner'),
    executor: productFile('packages/runner-manager'),
  });
  return { directory, platform: platformOf(architecture), followSymlinks: SymlinkFollowMode.ALWAYS };
}

/**
 * Assembles a build context in an empty folder from links, which CDK follows: the contents of the Dockerfile's folder, the
 * manager's bundle, and its hooks. Node comes from its official image.
 * @throws {MissingImagePartError}
 */
export function stageRunnerImage(context: string, { dockerfile, executor }: RunnerImageContext): void {
  const parts = new Map([
    ...readdirSync(dockerfile).map((name) => [name, join(dockerfile, name)] as const),
    ['dist', join(executor, 'dist')],
    ['hooks', join(executor, 'hooks')],
  ]);
  for (const [name, source] of parts) {
    if (!existsSync(source))
      throw new MissingImagePartError(`${source} does not exist: run \`npx nx build runner-manager\` first`);
    symlinkSync(source, join(context, name));
  }
}

function platformOf(architecture: Architecture): Platform {
  return architecture === 'ARM64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64;
}
