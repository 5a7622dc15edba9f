import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Docker Hub's words for who pulled too often. */
const TOO_MANY = {
  errors: [
    {
      code: 'TOOMANYREQUESTS',
      message: 'You have reached your pull rate limit. You may increase the limit.',
    },
  ],
};

/**
 * Starts a registry that gives out nothing more for now, on the loopback address, where Docker takes plain HTTP. It ends with
 * the process, which does not wait for it.
 * @returns its host and port
 */
export async function startLimitingRegistry(): Promise<string> {
  const server = createServer(({ url }, response) => {
    const isPing = url === '/v2/';
    response.writeHead(isPing ? 200 : 429, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(isPing ? {} : TOO_MANY));
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
