import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatLogLine } from '../src/log.ts';
import { apiBase, describe as describeReply, retryDelay, send } from '../src/network/http.ts';

describe('apiBase', () => {
  it.each([
    ['https://gitlab.example.com', 'https://gitlab.example.com/api/v4/'],
    ['https://gitlab.example.com/', 'https://gitlab.example.com/api/v4/'],
    ['https://example.com/gitlab/', 'https://example.com/gitlab/api/v4/'],
    ['https://gitlab.example.com/ci', 'https://gitlab.example.com/api/v4/'],
  ])('of %s is %s', (url, expected) => {
    expect(apiBase(url)).toBe(expected);
  });
});

describe('retryDelay', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['Retry-After', { 'Retry-After': '7' }, 7000, 7000],
    ['RateLimit-ResetTime', { 'RateLimit-ResetTime': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000, 30_000],
    ['the backoff if the time is past', { 'RateLimit-ResetTime': 'Thu, 01 Jan 2025 00:00:30 GMT' }, 100, 400],
    ['the backoff without such headers', {}, 100, 400],
  ])('uses %s', (_, headers, min, max) => {
    const delay = retryDelay(new Headers(headers), 2, now);
    expect(delay).toBeGreaterThanOrEqual(min);
    expect(delay).toBeLessThanOrEqual(max);
  });
});

describe('send', () => {
  let answers: number[];
  let requestCount: number;
  let url: string;
  const server = createServer((_, response) => {
    requestCount += 1;
    response.writeHead(answers.shift() ?? 200, { 'Content-Type': 'application/json' });
    response.end('{"message":"too bad"}');
  });
  beforeEach(async () => {
    requestCount = 0;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['once if the response is final', [404], 404, 1],
    ['again while the server fails', [500, 503, 200], 200, 3],
    ['at most five times', [500, 500, 500, 500, 500], 500, 5],
  ])('sends a request %s', async (_, codes, status, requests) => {
    answers = codes;
    const reply = await send(url, { method: 'GET', path: 'x' });
    expect([reply.status, requestCount]).toEqual([status, requests]);
  });

  it('returns a reply whose description contains the message of the server', async () => {
    answers = [403];
    expect(await describeReply(await send(url, { method: 'GET', path: 'x' }))).toBe('403 Forbidden: too bad');
  });

  it('returns the error if there is no response', async () => {
    const closed = url;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const reply = await send(closed, { method: 'GET', path: 'x' });
    expect(reply.status).toBe(0);
    expect(await describeReply(reply)).toContain('ECONNREFUSED');
  });
});

describe('formatLogLine', () => {
  it('pads the message and sorts the fields, as the real runner does', () => {
    expect(formatLogLine('runner', 'warning', 'careful', { b: 2, a: 1 })).toBe(
      `\u001b[0;33mWARNING: ${'careful'.padEnd(41)}\u001b[0;m  \u001b[0;33ma\u001b[0;m=1 \u001b[0;33mb\u001b[0;m=2`,
    );
  });

  it('writes one JSON object per line in format json', () => {
    const line = formatLogLine('json', 'info', 'hello', { job: 1 });
    expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'hello', job: 1 });
  });

  it('writes logfmt in format text', () => {
    expect(formatLogLine('text', 'error', 'say "hi"', { job: 1 })).toMatch(
      / level=error msg="say \\"hi\\"" job="1"$/,
    );
  });
});
