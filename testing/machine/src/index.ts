/** Prepares the machine that tests run on: Docker, images, processes, progress, and clean-up. */

export { ensureArmEmulation } from './arm-emulation.ts';
export { buildPackages, packPackages } from './build-packages.ts';
export { ensureChromium } from './chromium.ts';
export { Cleanup, InterruptedError, interruptSignal, unlessInterrupted } from './cleanup.ts';
export { BASE_IMAGE, BaseImageUnavailableError, ensureBaseImage } from './docker/base-image.ts';
export { buildImage, type ImageBuild, type ImageBuildResult, imageId } from './docker/build-image.ts';
export { hostCaBundle } from './docker/certificates.ts';
export { defaultImageOf } from './docker/default-image.ts';
export { loadImage } from './docker/load-image.ts';
export { HOST_ARCHITECTURE, nameFor, PLATFORM } from './docker/platform.ts';
export { DockerUnavailableError, ensureDockerDaemon } from './docker-daemon.ts';
export { InvalidEnvironmentError, readEnvironment, type SandboxEnvironment } from './environment.ts';
export { type Log, logToStderr, step } from './progress.ts';
export { NODE_BINARY, REPOSITORY_ROOT } from './repository-root.ts';
export { CommandFailedError, runAttached, runCommand, tryCommand } from './run-command.ts';
export { until } from './until.ts';
export { untilAborted } from './until-aborted.ts';
export { REPORTS, writeReport } from './write-report.ts';
