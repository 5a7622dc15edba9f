import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const TOKEN = 'the-authorization-token';

/** Starts a server that stores objects by path and issues credentials at `/credentials`. */
export async function startObjectStore() {
  const objects = new Map<string, { body: Buffer; meta: string | undefined; hours: number }>();
  const calls: string[] = [];
  /** Answers that replace the regular ones, in order. */
  const faults: { status: number; body?: string }[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://store');
    const body = await buffer(request);
    if (pathname === '/credentials') {
      if (request.headers.authorization !== TOKEN) return void response.writeHead(401).end();
      const credentials = { AccessKeyId: 'ASIA1', SecretAccessKey: 'the-secret-key', Token: 'the/token' };
      return void response.end(JSON.stringify(credentials));
    }
    calls.push(`${request.method} ${pathname}`);
    const fault = faults.shift();
    if (fault) return void response.writeHead(fault.status).end(fault.body);
    if (!searchParams.has('X-Amz-Signature')) return void response.writeHead(403).end();
    if (request.method === 'PUT') {
      objects.set(pathname, { body, meta: request.headers['x-amz-meta-cachekey']?.toString(), hours: 0 });
      return void response.end();
    }
    const found = objects.get(pathname);
    if (found === undefined) return void response.writeHead(404).end();
    response
      .writeHead(200, {
        'last-modified': new Date(Date.UTC(2026, 10, 24, 10 + found.hours)).toUTCString(),
        etag: '"1"',
      })
      .end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    objects,
    calls,
    faults,
    address: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    environment: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: TOKEN,
    },
    /** Sets the modification time of an object, in hours after the default. */
    touch: (path: string, hours: number) => {
      const object = objects.get(path);
      if (object === undefined) throw new Error(`${path} is not in the store`);
      objects.set(path, { ...object, hours });
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export type ObjectStore = Awaited<ReturnType<typeof startObjectStore>>;
