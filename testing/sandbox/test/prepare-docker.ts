import { ensureDockerDaemon, logToStderr, readEnvironment } from '@serverless-gitlab-runner/machine';
import { buildDemoImages, buildImages } from '../src/images/build-images.ts';

/** Starts a Docker daemon and builds missing or outdated images before the tests with containers. */
export default async function prepareDocker(): Promise<() => Promise<void>> {
  const daemon = await ensureDockerDaemon(logToStderr);
  await buildImages(readEnvironment(), logToStderr);
  await buildDemoImages(logToStderr);
  return () => daemon.stop();
}
