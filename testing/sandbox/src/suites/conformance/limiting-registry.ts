import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Docker Hub's answer after too many pulls. */
const TOO_MANY = {
  errors: [
    {
      code: 'TOOMANYREQUESTS',
      message: 'You have reached your pull rate limit. You may increase the limit.',
    },
  ],
};

/**
 * Starts a registry that refuses every pull because of a rate limit, on the loopback address, where Docker accepts plain HTTP.
 * It does not keep the process running, and ends with it.
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
