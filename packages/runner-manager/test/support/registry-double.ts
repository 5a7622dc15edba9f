import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A test key, and its certificate for localhost and 127.0.0.1. */
const pem = readFileSync(new URL('../fixtures/localhost.pem', import.meta.url), 'utf8');

export type Route = (request: IncomingMessage, response: ServerResponse) => void;

export interface RegistryDouble {
  /** `localhost:…`, as it stands in images' names. */
  host: string;
  /** The same server under another name, so another host. */
  otherHost: string;
  /** What is answered, by path; 404 elsewhere. */
  routes: Map<string, Route>;
  /** Requests in their order: host, path with query, and who asked. */
  requests: { host: string; path: string; authorization: string | undefined }[];
  /** Puts a document there under its digest and other names. */
  put(kind: 'manifests' | 'blobs', document: unknown, ...names: string[]): string;
  stop(): Promise<void>;
}

/** A registry by TLS, which this process trusts from then on. Its repository is `team/app`. */
export async function startRegistryDouble(): Promise<RegistryDouble> {
  const routes = new Map<string, Route>();
  const requests: RegistryDouble['requests'] = [];
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    const { url = '', headers } = request;
    requests.push({ host: headers.host ?? '', path: url, authorization: headers.authorization });
    const route = routes.get(url.split('?')[0] ?? '');
    if (route) route(request, response);
    else answer(response, 404, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] });
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, pem]);
  return {
    host: `localhost:${port}`,
    otherHost: `127.0.0.1:${port}`,
    routes,
    requests,
    put(kind, document, ...names) {
      const body = JSON.stringify(document);
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      for (const name of [digest, ...names])
        routes.set(`/v2/team/app/${kind}/${name}`, (_, response) => answer(response, 200, body));
      return digest;
    },
    async stop() {
      setDefaultCACertificates(before);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with a text, or with JSON. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
}
