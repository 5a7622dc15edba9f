import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASE_IMAGE, buildImage } from '@serverless-gitlab-runner/machine';

/** Real services from Debian's packages. They are named like the official images, since the name determines the port. */
export const SERVICE_IMAGES = {
  postgres: 'serverless-gitlab-runner-test/postgres:15',
  redis: 'serverless-gitlab-runner-test/redis:7',
} as const;

const INSTALL = 'RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends';

/** Like the official image: creates the database when the container starts, and listens afterwards. */
const POSTGRES = `FROM ${BASE_IMAGE}
${INSTALL} postgresql
RUN printf '%s\\n' '#!/bin/sh' 'set -e' 'bin=$(echo /usr/lib/postgresql/*/bin)' \\
  'echo "$POSTGRES_PASSWORD" > /tmp/password' \\
  '$bin/initdb -D /tmp/data --auth=scram-sha-256 --pwfile=/tmp/password > /dev/null' \\
  'exec $bin/postgres -D /tmp/data -k /tmp -c listen_addresses="*" "$@"' > /start && chmod 755 /start
USER postgres
ENTRYPOINT ["/start"]
`;

const REDIS = `FROM ${BASE_IMAGE}
${INSTALL} redis-server
ENTRYPOINT ["redis-server", "--protected-mode", "no"]
`;

/** Builds the images that are missing. */
export async function buildServiceImages(): Promise<void> {
  for (const [name, dockerfile] of [
    [SERVICE_IMAGES.postgres, POSTGRES],
    [SERVICE_IMAGES.redis, REDIS],
  ] as const) {
    const context = await mkdtemp(join(tmpdir(), 'service-image-'));
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    await buildImage({ name, context, log: () => {} });
    await rm(context, { recursive: true });
  }
}
