import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { createRunnerApi } from '../src/manager/gitlab-api.ts';

const logger = createLogger('ERROR', () => {});
const IDENTITY = { token: 'glrt-x', systemId: 'r_0123456789ab' };
const never = new AbortController().signal;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A GitLab that answers with these statuses, one after the other, the last one for ever. */
async function gitlab(...statuses: number[]) {
  const requests: { method: string | undefined; url: string | undefined; body: unknown }[] = [];
  const note = async (request: IncomingMessage) => {
    requests.push({ method: request.method, url: request.url, body: JSON.parse(await text(request)) });
  };
  const server = createServer((request, response) => {
    void note(request).then(() => {
      const status = statuses[Math.min(requests.length, statuses.length) - 1] ?? 500;
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, requests };
}

describe('verifying the runner token', () => {
  it.each([
    [200, 'accepted'],
    [403, 'refused'],
    [401, 'refused'],
    [500, 'unreachable'],
    [429, 'unreachable'],
  ])('answered with %i is %s', async (status, answer) => {
    const { url, requests } = await gitlab(status);
    expect(await createRunnerApi(url, IDENTITY, logger, fetch).verify()).toBe(answer);
    expect(requests).toEqual([
      {
        method: 'POST',
        url: '/api/v4/runners/verify',
        body: { token: 'glrt-x', system_id: 'r_0123456789ab' },
      },
    ]);
  });

  it.each([
    ['text/html; charset=utf-8', 'unreachable'],
    ['application/json', 'refused'],
  ])(
    'answered with 403 and %s is %s: a firewall’s page says nothing about the token',
    async (type, answer) => {
      const server = createServer((_request, response) => {
        response.writeHead(403, { 'content-type': type }).end('<html>blocked</html>');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closers.push(() => void server.close());
      const { port } = server.address() as AddressInfo;
      expect(await createRunnerApi(`http://127.0.0.1:${port}`, IDENTITY, logger, fetch).verify()).toBe(
        answer,
      );
    },
  );

  it('is retried while GitLab fails', async () => {
    const { url, requests } = await gitlab(502, 200);
    expect(await createRunnerApi(url, IDENTITY, logger, fetch).verifyWithRetries(30, never)).toBe('accepted');
    expect(requests).toHaveLength(2);
  });

  it('is not retried after a refusal', async () => {
    const { url, requests } = await gitlab(403, 200);
    expect(await createRunnerApi(url, IDENTITY, logger, fetch).verifyWithRetries(30, never)).toBe('refused');
    expect(requests).toHaveLength(1);
  });

  it('ends at its time limit', async () => {
    const api = createRunnerApi('http://127.0.0.1:1', IDENTITY, logger, fetch);
    expect(await api.verifyWithRetries(0.1, never)).toBe('unreachable');
  });
});

describe('unregistering', () => {
  it('removes this manager, not the runner', async () => {
    const { url, requests } = await gitlab(204);
    await createRunnerApi(url, IDENTITY, logger, fetch).unregister();
    expect(requests).toEqual([
      {
        method: 'DELETE',
        url: '/api/v4/runners/managers',
        body: { token: 'glrt-x', system_id: 'r_0123456789ab' },
      },
    ]);
  });

  it('removes another manager of the same token by its system id', async () => {
    const { url, requests } = await gitlab(404);
    await createRunnerApi(url, IDENTITY, logger, fetch).unregister('r_another00000');
    expect(requests[0]?.body).toEqual({ token: 'glrt-x', system_id: 'r_another00000' });
  });

  it('never rejects', async () => {
    await createRunnerApi('http://127.0.0.1:1', IDENTITY, logger, fetch).unregister();
  });
});
