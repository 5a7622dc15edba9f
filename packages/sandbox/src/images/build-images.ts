import { join } from 'node:path';
import { buildImage, ensureBaseImage, hostCaBundle } from '../docker/index.ts';
import { buildEmulatorImage } from '../emulator/index.ts';
import type { SandboxEnvironment } from '../environment.ts';
import { type Log, step } from '../setup/progress.ts';
import { NODE_BINARY, REPOSITORY_ROOT } from '../setup/repository-root.ts';
import { DEMO_IMAGES } from './demo-images.ts';
import { type RunnerBaseImage, runnerBaseImage } from './runner-base-image.ts';

/** Names of the images that the system is deployed with. */
export interface SystemImages {
  manager: string;
  helper: string;
  /** Image of jobs without `image:`. */
  defaultJob: string;
  /** Undefined: the emulator's own default. */
  emulator: string | undefined;
}

const EXECUTOR = join(REPOSITORY_ROOT, 'packages/fargate-executor');

/** Builds what is missing or older than its sources, and says how long each took. */
export async function buildImages(environment: SandboxEnvironment, log: Log): Promise<SystemImages> {
  const base = await step(log, 'Base image', ensureBaseImage);
  const emulator = environment.SANDBOX_EMULATOR_IMAGE;
  if (emulator === undefined) await step(log, 'AWS emulator image', buildEmulatorImage);
  const runner = await step(log, 'gitlab-runner image', (inner) => runnerBaseImage(environment, base, inner));
  log(`Managers and helpers run ${runner.kind}`);
  const system = await step(log, 'Manager and helper images', (inner) => buildSystemImages(runner, inner));
  return { ...system, defaultJob: base, emulator };
}

async function buildSystemImages(
  runner: RunnerBaseImage,
  log: Log,
): Promise<Pick<SystemImages, 'manager' | 'helper'>> {
  const manager = `serverless-gitlab-runner/runner:${runner.tag}`;
  const helper = `serverless-gitlab-runner/job-base:${runner.tag}`;
  const buildArgs = { RUNNER_IMAGE: runner.name };
  const bundle = hostCaBundle();
  const ca = bundle ? { 'ca/host.crt': bundle } : {};
  const images = join(REPOSITORY_ROOT, 'images');
  await buildImage({ name: helper, context: join(images, 'job-base'), buildArgs, extraFiles: ca, log });
  const extraFiles = {
    ...ca,
    dist: join(EXECUTOR, 'dist'),
    hooks: join(EXECUTOR, 'hooks'),
    node: NODE_BINARY,
  };
  await buildImage({ name: manager, context: join(images, 'runner'), buildArgs, extraFiles, log });
  return { manager, helper };
}

/** Builds the images that the demo's and the end-to-end tests' jobs name. */
export async function buildDemoImages(log: Log): Promise<void> {
  const base = await ensureBaseImage(log);
  const contexts = { python: 'demo-python', busybox: 'demo-busybox', posixSh: 'demo-posix-sh' } as const;
  for (const key of ['python', 'busybox', 'posixSh'] as const) {
    const context = join(REPOSITORY_ROOT, 'packages/sandbox/images', contexts[key]);
    await buildImage({ name: DEMO_IMAGES[key], context, buildArgs: { BASE_IMAGE: base }, log });
  }
}
