import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { CacheCredentials } from './cache-role.ts';

/** Where `gitlab-runner` gets the credentials that it signs the cache's URLs with. */
export interface CredentialsEndpoint {
  /** Variables that make an AWS SDK, and minio-go before GitLab Runner 17.6, ask here. */
  environment: Readonly<Record<string, string>>;
  close(): void;
}

/**
 * Serves credentials as ECS's own endpoint does, on this task's loopback address, to who has the token.
 * @param credentials makes them; where it rejects, the runner logs it and jobs run without a cache
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function serveCredentials(
  credentials: () => Promise<CacheCredentials>,
  logger: Logger,
): Promise<CredentialsEndpoint> {
  const token = randomBytes(32).toString('hex');
  const server = createServer((request, response) => {
    if (!isSame(request.headers.authorization, token)) {
      send(response, 401, { code: 'Unauthorized', message: 'the authorization token is missing or wrong' });
      return;
    }
    credentials().then(
      (made) => send(response, 200, made),
      (error: unknown) => {
        const message = messageOf(error);
        logger.error("the cache's role cannot be assumed: jobs run without a cache", { error: message });
        // No 5xx, at which an SDK would try again, for each URL: this process has tried as often as makes sense.
        send(response, 403, { code: 'AccessDenied', message });
      },
    );
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  return {
    environment: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/cache`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function isSame(given: string | undefined, token: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
