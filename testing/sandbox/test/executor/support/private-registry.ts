import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASE_IMAGE, buildImage, runCommand, tryCommand, until } from '@serverless-gitlab-runner/machine';

const IMAGE = 'serverless-gitlab-runner-test/registry:2';

/** Debian's package of the registry in Docker Hub's image `registry`. */
const DOCKERFILE = `FROM ${BASE_IMAGE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends docker-registry apache2-utils
ENV REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=registry REGISTRY_AUTH_HTPASSWD_PATH=/users
ENTRYPOINT ["/bin/sh", "-c", "htpasswd -Bbn \\"$LOGIN\\" \\"$PASSWORD\\" > /users && exec docker-registry serve /etc/docker/registry/config.yml"]
`;

/** A real registry that requires a login, on the loopback address, where Docker accepts plain HTTP. */
export interface PrivateRegistry {
  /** `127.0.0.1:32768` */
  host: string;
  /** Value of `DOCKER_AUTH_CONFIG` for this registry. */
  authConfig: string;
  /** Pushes a local image under a name in this registry, removes that name locally, and returns the full name. */
  push(image: string, name: string): Promise<string>;
  /** Removes a pulled image from Docker, so that the next job pulls it again. */
  forget(image: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startPrivateRegistry(username: string, password: string): Promise<PrivateRegistry> {
  const container = `executor-registry-${process.pid}`;
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  await writeFile(join(folder, 'Dockerfile'), DOCKERFILE);
  await buildImage({ name: IMAGE, context: folder, log: () => {} });
  const login = ['-e', `LOGIN=${username}`, '-e', `PASSWORD=${password}`];
  await runCommand('docker', ['run', '-d', '--name', container, ...login, '-p', '127.0.0.1::5000', IMAGE]);
  const host = (await runCommand('docker', ['port', container, '5000/tcp'])).trim();
  await until('the registry', async () => {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    return answer?.status === 401 ? true : undefined;
  });
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const authConfig = JSON.stringify({ auths: { [host]: { auth } } });
  await writeFile(join(folder, 'config.json'), authConfig);
  const pushed: string[] = [];
  const forget = async (image: string) => {
    await tryCommand('docker', ['rmi', image]);
  };
  return {
    host,
    authConfig,
    async push(image, name) {
      const fullName = `${host}/${name}`;
      await runCommand('docker', ['tag', image, fullName]);
      await runCommand('docker', ['--config', folder, 'push', '--quiet', fullName]);
      pushed.push(fullName);
      await forget(fullName);
      return fullName;
    },
    forget,
    async stop() {
      await tryCommand('docker', ['rm', '-f', '-v', container]);
      await Promise.all(pushed.map(forget));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
