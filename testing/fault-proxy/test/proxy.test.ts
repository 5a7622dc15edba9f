import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readBody } from '../src/forward.ts';
import { errorAnswer, gitlabDialect, internalError, startFaultProxy } from '../src/index.ts';
import { startProxyFixture } from './proxy-fixture.ts';

describe('calls without a matching rule', () => {
  it('forwards method, path, query, headers, body and response unchanged', async () => {
    const { proxy, received } = await startProxyFixture((_request, response) => {
      response
        .writeHead(418, 'Short and stout', { 'x-own': 'yes', 'set-cookie': ['a=1', 'b=2'] })
        .end('teapot');
    });
    const answer = await fetch(`${proxy.url}/a/b%20c?x=1&x=2`, {
      method: 'PUT',
      headers: { 'x-mine': 'kept', host: 'gitlab.example.com' },
      body: 'sent',
    });
    expect([answer.status, answer.statusText, answer.headers.get('x-own')]).toEqual([
      418,
      'Short and stout',
      'yes',
    ]);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answer.text()).toBe('teapot');
    const [got] = received;
    expect([got?.method, got?.url, got?.headers['x-mine'], String(got?.body)]).toEqual([
      'PUT',
      '/a/b%20c?x=1&x=2',
      'kept',
      'sent',
    ]);
  });

  it('forwards large binary bodies unchanged in both directions, chunked or not', async () => {
    const { proxy, received } = await startProxyFixture((_request, response, body) => response.end(body));
    const bytes = randomBytes(8 * 1024 * 1024);
    for (const headers of [{ 'content-length': String(bytes.length) }, { 'transfer-encoding': 'chunked' }]) {
      const back = await send(proxy.url, headers, bytes);
      expect(digest(back)).toBe(digest(bytes));
    }
    expect(received.map(({ body }) => digest(body))).toEqual([digest(bytes), digest(bytes)]);
  });

  it('streams a response without waiting for its end', async () => {
    const end = Promise.withResolvers<void>();
    const { proxy } = await startProxyFixture((_request, response) => {
      response.write('first');
      void end.promise.then(() => response.end('last'));
    });
    const answer = await fetch(proxy.url);
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first');
    end.resolve();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('last');
  });

  it('uses a new connection for each call, which the server cannot have closed', async () => {
    const ports: (number | undefined)[] = [];
    const { proxy } = await startProxyFixture((request, response) => {
      ports.push(request.socket.remotePort);
      response.end();
    });
    for (let call = 0; call < 3; call += 1) await (await fetch(proxy.url)).text();
    expect(new Set(ports).size).toBe(3);
  });

  it('forwards responses without a body', async () => {
    const { proxy } = await startProxyFixture((_request, response) =>
      response.writeHead(204, { 'x-last': 'a' }).end(),
    );
    const answer = await fetch(proxy.url);
    expect([answer.status, answer.headers.get('x-last'), await answer.text()]).toEqual([204, 'a', '']);
  });

  it('truncates a response for the client if the server truncates it', async () => {
    const { proxy, calls } = await startProxyFixture((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });
    const answer = await fetch(proxy.url);
    await expect(answer.text()).rejects.toThrow();
    await expect.poll(() => calls).toMatchObject([{ outcome: 'cut' }]);
  });

  it('ends the call at the server when the client gives up', async () => {
    const closed = Promise.withResolvers<void>();
    const { proxy, calls } = await startProxyFixture((_request, response) => {
      response.on('close', () => closed.resolve());
    });
    const abort = new AbortController();
    const given = fetch(proxy.url, { signal: abort.signal }).catch(() => 'given up');
    setTimeout(() => abort.abort(), 50);
    expect(await given).toBe('given up');
    await closed.promise;
    await expect.poll(() => calls).toMatchObject([{ outcome: 'abandoned' }]);
  });

  it('answers with 503 until a server is set', async () => {
    const proxy = await startFaultProxy({ host: '127.0.0.1', dialect: gitlabDialect });
    onTestFinished(() => proxy.stop());
    expect((await fetch(proxy.url)).status).toBe(503);
  });

  it('answers with 502 if the server is unreachable', async () => {
    const { proxy, calls } = await startProxyFixture();
    proxy.forwardTo('http://127.0.0.1:1');
    expect((await fetch(proxy.url)).status).toBe(502);
    expect(calls).toMatchObject([{ outcome: 'unreachable' }]);
  });
});

describe('rules', () => {
  it.each([
    ['before', 0],
    ['after', 1],
    ['within', 1],
  ] as const)(
    'cut the connection %s: the server receives the call %i times, the client no complete response',
    async (when, times) => {
      const { proxy, received, calls } = await startProxyFixture();
      proxy.add({ match: {}, effect: { kind: 'cut', when } });
      await expect(fetch(proxy.url).then((answer) => answer.text())).rejects.toThrow();
      expect(received).toHaveLength(times);
      expect(calls).toMatchObject([{ outcome: 'cut' }]);
    },
  );

  it('answer without the server, even after a large request', async () => {
    const { proxy, received } = await startProxyFixture();
    proxy.add({ match: {}, effect: { kind: 'answer', answer: internalError } });
    const answer = await fetch(proxy.url, { method: 'POST', body: randomBytes(4 * 1024 * 1024) });
    expect(answer.status).toBe(500);
    expect(received).toEqual([]);
  });

  it('forward a call twice with its body, and return the second response', async () => {
    let count = 0;
    const { proxy, received } = await startProxyFixture((_request, response) => {
      count += 1;
      response.end(`answer ${count}`);
    });
    proxy.add({ match: {}, effect: { kind: 'twice' } });
    const answer = await fetch(proxy.url, { method: 'POST', body: 'again' });
    expect(await answer.text()).toBe('answer 2');
    expect(received.map(({ body }) => String(body))).toEqual(['again', 'again']);
  });

  it('rewrite a response and its length', async () => {
    const { proxy } = await startProxyFixture();
    proxy.add({
      match: {},
      effect: {
        kind: 'rewrite',
        rewrite: (answer) => ({ ...answer, body: Buffer.from(`${answer.body} anew`) }),
      },
    });
    const answer = await fetch(`${proxy.url}/x`);
    expect(await answer.text()).toBe('served anew');
    expect([answer.headers.get('content-length'), answer.headers.get('x-served')]).toEqual(['11', '/x']);
  });

  it('delay a call', async () => {
    const { proxy } = await startProxyFixture();
    proxy.add({ match: {}, effect: { kind: 'delay', ms: 200 } });
    const start = performance.now();
    expect(await (await fetch(proxy.url)).text()).toBe('served');
    expect(performance.now() - start).toBeGreaterThanOrEqual(195);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('hang %s until they are removed, then cut the connection', async (when, times) => {
    const { proxy, received, calls } = await startProxyFixture();
    const rule = proxy.add({ match: {}, effect: { kind: 'hang', when } });
    const call = fetch(proxy.url).then(
      () => 'answered',
      () => 'cut',
    );
    await rule.whenMatched();
    expect(await Promise.race([call, delay(100, 'hangs')])).toBe('hangs');
    expect(received).toHaveLength(times);
    rule.remove();
    expect(await call).toBe('cut');
    await expect.poll(() => calls).toMatchObject([{ outcome: 'hung' }]);
  });

  it('match the given number of calls and no more', async () => {
    const { proxy } = await startProxyFixture();
    const rule = proxy.add({ match: {}, effect: { kind: 'answer', answer: internalError }, times: 2 });
    const statuses = [];
    for (let call = 0; call < 3; call += 1) statuses.push((await fetch(proxy.url)).status);
    expect(statuses).toEqual([500, 500, 200]);
    expect([rule.matched, rule.isOver]).toEqual([2, true]);
  });

  it('end after their duration, or when cleared', async () => {
    const { proxy } = await startProxyFixture();
    const effect = { kind: 'answer', answer: internalError } as const;
    const rule = proxy.add({ match: {}, effect, forMs: 30 });
    expect((await fetch(proxy.url)).status).toBe(500);
    await expect.poll(() => rule.isOver).toBe(true);
    expect((await fetch(proxy.url)).status).toBe(200);
    proxy.add({ match: {}, effect });
    proxy.clear();
    expect((await fetch(proxy.url)).status).toBe(200);
  });

  it('match by operation and by predicate; only the first matching rule applies', async () => {
    const { proxy } = await startProxyFixture();
    const answer = (status: number) => ({
      kind: 'answer' as const,
      answer: (call: Parameters<typeof internalError>[0]) =>
        errorAnswer(call, { code: '', message: '', status }),
    });
    proxy.add({ match: { operation: ['jobs/request', 'jobs/trace'] }, effect: answer(429) });
    proxy.add({ match: { where: ({ url }) => url.includes('/jobs/7') }, effect: answer(500) });
    const status = async (method: string, path: string) =>
      (await fetch(`${proxy.url}${path}`, { method })).status;
    expect(await status('POST', '/api/v4/jobs/request')).toBe(429);
    expect(await status('PATCH', '/api/v4/jobs/7/trace')).toBe(429);
    expect(await status('PUT', '/api/v4/jobs/7')).toBe(500);
    expect(await status('PUT', '/api/v4/jobs/8')).toBe(200);
  });
});

/** Uses node:http, which sends exactly the given headers. */
async function send(url: string, headers: Record<string, string>, body: Buffer): Promise<Buffer> {
  const outgoing = request(url, { method: 'POST', headers });
  outgoing.end(body);
  return await new Promise((resolve, reject) => {
    outgoing.once('response', (answer) => readBody(answer).then(resolve, reject)).once('error', reject);
  });
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
