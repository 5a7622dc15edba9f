import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createFetch } from '../src/https/index.ts';

const file = (name: string) => readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url), 'utf8');
const AUTHORITY = file('ca.crt');
const OTHER = file('other-ca.crt');

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A server whose certificate is signed by `AUTHORITY`. */
async function startTls(listener: RequestListener): Promise<string> {
  const server = createServer({ cert: file('localhost.crt'), key: file('localhost.key') }, listener);
  return `https://localhost:${await listen(server)}/`;
}

const options = () => ({ headers: {}, signal: AbortSignal.timeout(10_000) });
const codeOf = (error: unknown) => ((error as Error).cause as NodeJS.ErrnoException).code;

describe('fetch with an authority', () => {
  it('reaches a server whose certificate it signed', async () => {
    const url = await startTls((request, response) => {
      void text(request).then((body) => {
        const { method, url: path, headers } = request;
        response.writeHead(201, { 'x-answer': 'yes' });
        response.end(JSON.stringify({ method, path, token: headers['x-token'], body }));
      });
    });
    const answer = await createFetch(AUTHORITY)(`${url}api?x=1`, {
      ...options(),
      method: 'PUT',
      headers: { 'x-token': 'secret' },
      body: 'sent',
    });
    expect([answer.status, answer.ok, answer.headers.get('x-answer')]).toEqual([201, true, 'yes']);
    expect(await answer.json()).toEqual({ method: 'PUT', path: '/api?x=1', token: 'secret', body: 'sent' });
  });

  it('may have several, of which one has signed it', async () => {
    const url = await startTls((_request, response) => void response.end('hi'));
    expect(await (await createFetch(`${OTHER}${AUTHORITY}`)(url, options())).text()).toBe('hi');
  });

  it.each([
    ['no authority', undefined],
    ['another authority', OTHER],
    ['a text that is none', 'no certificate'],
  ])('with %s does not trust it', async (_title, authorities) => {
    const url = await startTls((_request, response) => void response.end());
    const error = await createFetch(authorities)(url, options()).catch((reason: unknown) => reason);
    expect(codeOf(error)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('is trusted by these calls only', async () => {
    const url = await startTls((_request, response) => void response.end());
    await (await createFetch(AUTHORITY)(url, options())).body?.cancel();
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it.each([204, 304])('has no body after %i', async (status) => {
    const url = await startTls((_request, response) => void response.writeHead(status).end());
    const answer = await createFetch(AUTHORITY)(url, options());
    expect([answer.status, answer.body]).toEqual([status, null]);
  });

  it('follows no redirect', async () => {
    const url = await startTls((_request, response) => {
      response.writeHead(302, { location: 'https://example.com/' }).end();
    });
    const answer = await createFetch(AUTHORITY)(url, options());
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://example.com/']);
  });

  it('ends with its signal, before an answer and within its body', async () => {
    const silent = await startTls(() => undefined);
    const signal = AbortSignal.timeout(200);
    await expect(createFetch(AUTHORITY)(silent, { headers: {}, signal })).rejects.toMatchObject({
      cause: { name: 'TimeoutError' },
    });
    const unfinished = await startTls((_request, response) => void response.write('{'));
    const answer = await createFetch(AUTHORITY)(unfinished, {
      headers: {},
      signal: AbortSignal.timeout(500),
    });
    await expect(answer.text()).rejects.toThrow();
  });

  it('reports an unreachable server by its code', async () => {
    const error = await createFetch(AUTHORITY)('https://127.0.0.1:1/', options()).catch(
      (reason: unknown) => reason,
    );
    expect(codeOf(error)).toBe('ECONNREFUSED');
  });

  it('works without TLS, too', async () => {
    const port = await listen(createHttpServer((_request, response) => void response.end('plain')));
    expect(await (await createFetch(AUTHORITY)(`http://127.0.0.1:${port}/`, options())).text()).toBe('plain');
  });
});
