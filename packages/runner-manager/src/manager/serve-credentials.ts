import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { Logger } from '@aws-lambda-powertools/logger';
import { messageOf } from '../errors.ts';
import type { CacheCredentials } from './cache-role.ts';

/** Endpoint from which `gitlab-runner` gets the credentials for signing the cache's URLs. */
export interface CredentialsEndpoint {
  /** Variables that make the AWS SDK, and minio-go before GitLab Runner 17.6, use this endpoint. */
  environment: Readonly<Record<string, string>>;
  close(): void;
}

/**
 * Serves credentials like ECS's own endpoint, on the task's loopback address, to clients with the token.
 * @param credentials returns them. If it rejects, the runner logs the error and jobs run without a cache
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
      (served) => send(response, 200, served),
      (error: unknown) => {
        const message = messageOf(error);
        logger.error("could not assume the cache's role; jobs run without a cache", { error: message });
        // Not 5xx, which an SDK would retry for each URL: this process has already retried.
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
