import { ensureDockerDaemon, logToStderr, readEnvironment } from '@serverless-gitlab-runner/machine';
import { buildDemoImages, buildImages } from '../src/images/build-images.ts';

/** Before the tests that start containers: a Docker daemon and every image, built where it is missing or outdated. */
export default async function prepareDocker(): Promise<() => Promise<void>> {
  const daemon = await ensureDockerDaemon(logToStderr);
  await buildImages(readEnvironment(), logToStderr);
  await buildDemoImages(logToStderr);
  return () => daemon.stop();
}
