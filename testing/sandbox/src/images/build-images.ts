import { join } from 'node:path';
import { buildEmulatorImage } from '@serverless-gitlab-runner/aws-emulator';
import {
  buildImage,
  ensureBaseImage,
  hostCaBundle,
  type ImageBuild,
  imageId,
  type Log,
  nameFor,
  PLATFORM,
  REPOSITORY_ROOT,
  runCommand,
  type SandboxEnvironment,
  step,
} from '@serverless-gitlab-runner/machine';
import { DEMO_IMAGES } from './demo-images.ts';
import { ensureNodeImage } from './node-image.ts';
import { armRunnerBaseImage, type RunnerBaseImage, runnerBaseImage } from './runner-base-image.ts';

/** Names of the images that the deployed system uses. */
export interface SystemImages {
  manager: string;
  helper: string;
  /** The helper's image for jobs on ARM64. Undefined: `helper`, which has this machine's architecture. */
  helperArm64?: string;
  /** Base image of managers and helpers. */
  runner: RunnerBaseImage;
  /** Default image of jobs without `image:`. */
  defaultJob: string;
  /** Undefined: the emulator's default. */
  emulator: string | undefined;
}

const EXECUTOR = join(REPOSITORY_ROOT, 'packages/runner-manager');
const IMAGES = join(REPOSITORY_ROOT, 'images');
const HELPER = 'serverless-gitlab-runner/job-base:';

/** Builds images that are missing or outdated. Logs how long each step took. */
export async function buildImages(environment: SandboxEnvironment, log: Log): Promise<SystemImages> {
  const base = await step(log, 'Base image', ensureBaseImage);
  const emulator = environment.SANDBOX_EMULATOR_IMAGE;
  if (emulator === undefined) await step(log, 'AWS emulator image', buildEmulatorImage);
  const runner = await step(log, 'gitlab-runner image', (inner) => runnerBaseImage(environment, base, inner));
  log(`Managers and helpers run ${runner.kind}`);
  const system = await step(log, 'Manager and helper images', (inner) =>
    buildSystemImages(runner, base, inner),
  );
  return { ...system, runner, defaultJob: base, emulator };
}

async function buildSystemImages(
  runner: RunnerBaseImage,
  base: string,
  log: Log,
): Promise<Pick<SystemImages, 'manager' | 'helper'>> {
  const manager = `serverless-gitlab-runner/runner:${runner.tag}`;
  const helper = await buildHelperImage(HELPER + runner.tag, runnerArgs(runner.name, runner, base), log);
  const extraFiles = {
    ...hostCa(),
    dist: join(EXECUTOR, 'dist'),
    hooks: join(EXECUTOR, 'hooks'),
  };
  const buildArgs = { ...runnerArgs(runner.name, runner, base), NODE_IMAGE: await ensureNodeImage(log) };
  await buildImage({ name: manager, context: join(IMAGES, 'runner'), buildArgs, extraFiles, log });
  return { manager, helper };
}

/** Builds the helper's image for ARM64 on a machine of another architecture, which must be able to run ARM64 programs. */
export async function buildArmHelperImage(
  environment: SandboxEnvironment,
  runner: RunnerBaseImage,
  log: Log,
): Promise<string> {
  const id = await imageId(runner.name);
  const runnerImage = await armRunnerBaseImage(environment, runner, log);
  const name = nameFor(HELPER + runner.tag, 'ARM64');
  const base = await ensureBaseImage(log, 'ARM64');
  await buildHelperImage(name, runnerArgs(runnerImage, runner, base), log, { platform: PLATFORM.ARM64 });
  // Docker's classic builder pulls the base image for the other architecture and moves the name to it.
  if (id !== undefined && id !== (await imageId(runner.name)))
    await runCommand('docker', ['tag', id, runner.name]);
  return name;
}

function runnerArgs(runnerImage: string, { files }: RunnerBaseImage, base: string) {
  return { RUNNER_IMAGE: runnerImage, RUNNER_FILES: files, BASE_IMAGE: base };
}

async function buildHelperImage(
  name: string,
  buildArgs: Readonly<Record<string, string>>,
  log: Log,
  options: Pick<ImageBuild, 'platform'> = {},
): Promise<string> {
  const context = join(IMAGES, 'job-base');
  await buildImage({ ...options, name, context, buildArgs, extraFiles: hostCa(), log });
  return name;
}

function hostCa(): Record<string, string> {
  const bundle = hostCaBundle();
  return bundle ? { 'ca/host.crt': bundle } : {};
}

/** Builds the images of the demo's and the end-to-end tests' jobs. */
export async function buildDemoImages(log: Log): Promise<void> {
  const base = await ensureBaseImage(log);
  const contexts = { python: 'demo-python', busybox: 'demo-busybox', posixSh: 'demo-posix-sh' } as const;
  for (const key of ['python', 'busybox', 'posixSh'] as const) {
    const context = join(REPOSITORY_ROOT, 'testing/sandbox/images', contexts[key]);
    await buildImage({ name: DEMO_IMAGES[key], context, buildArgs: { BASE_IMAGE: base }, log });
  }
}
