import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Listener } from '../src/ui/live-feed.ts';
import { readPageFiles } from '../src/ui/page-files.ts';
import { createPageServer } from '../src/ui/page-server.ts';
import type { Snapshot } from '../src/ui/snapshot.ts';

const TOKEN = 'the-secret-of-this-run';
const listeners = new Set<Listener<Snapshot>>();
let server: Server;
let port: number;

beforeEach(async () => {
  server = createPageServer({
    token: TOKEN,
    files: readPageFiles(),
    feed: {
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    async explain(jobId) {
      if (jobId === 13) throw new Error('AWS denied a call');
      const common = {
        state: 'running' as const,
        since: undefined,
        steps: [],
        advice: [],
        gitlabProblems: [],
      };
      return { jobId, summary: 'It runs in its task', ...common };
    },
    describe: (error) => (error as Error).message,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

interface Answer {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  text: string;
}

async function ask(path: string, { host = `127.0.0.1:${port}`, method = 'GET' } = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } }).end();
  const response = await answerOf(sent);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

async function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

describe('the server of the page', () => {
  it('is on the loopback interface only', () => {
    expect((server.address() as AddressInfo).address).toBe('127.0.0.1');
  });

  it.each([
    ['', 'text/html'],
    ['main.js', 'text/javascript'],
    ['style.css', 'text/css'],
    ['icon.svg', 'image/svg+xml'],
  ])('has the file %j', async (name, type) => {
    const { status, headers, text } = await ask(`/${TOKEN}/${name}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toContain(type);
    expect(text.length).toBeGreaterThan(100);
  });

  it('has every file that the page and its modules name', async () => {
    const files = readPageFiles();
    const names = [...files.values()].flatMap(({ content }) =>
      [...content.toString().matchAll(/(?:href|src)="([^"#]+)"|from '\.\/([^']+)'/g)].map(
        ([, link, module]) => link ?? module,
      ),
    );
    expect(names).toContain('timeline.js');
    expect(names.filter((name) => !files.has(name ?? ''))).toEqual([]);
  });

  it.each([
    ['nothing', '/'],
    ['a file without the token', '/main.js'],
    ['a wrong token', `/${TOKEN.replace('s', 'S')}/`],
    ['a part of the token', `/${TOKEN.slice(1)}/`],
    ['a file that does not exist', `/${TOKEN}/tsconfig.json`],
    ['a way out of the folder', `/${TOKEN}/../package.json`],
    ['the same, encoded', `/${TOKEN}/..%2fpackage.json`],
    ['events without the token', '/events'],
    ['an explanation without the token', '/why?job=7'],
  ])('answers 404 to %s', async (_title, path) => {
    const { status, text } = await ask(path);
    expect(status).toBe(404);
    expect(text).not.toContain(TOKEN);
  });

  it.each(['attacker.example', 'attacker.example:80', '127.0.0.1', '127.0.0.1:1', '[::1]:80'])(
    'refuses the host %s, to which a name may have been rebound',
    async (host) => {
      expect((await ask(`/${TOKEN}/`, { host })).status).toBe(403);
    },
  );

  it('accepts the name localhost, through which a forwarded port is opened', async () => {
    expect((await ask(`/${TOKEN}/`, { host: `localhost:${port}` })).status).toBe(200);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    expect((await ask(`/${TOKEN}/`, { method })).status).toBe(405);
  });

  it.each([
    ['the page', 'page'],
    ['a refusal', 'refusal'],
  ])('lets nothing else run in %s, nor keeps or passes on anything', async (_title, which) => {
    const { headers } = await ask(which === 'page' ? `/${TOKEN}/` : '/');
    const policy = String(headers['content-security-policy']);
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
    expect(headers).toMatchObject({
      ...{ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
      ...{ 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' },
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the stream', () => {
  it('sends what is read and what goes wrong, and ends with its page', async () => {
    const sent = get({ host: '127.0.0.1', port, path: `/${TOKEN}/events` });
    const response = await answerOf(sent);
    expect(response.headers['content-type']).toBe('text/event-stream');
    const [listener] = listeners;
    listener?.({ kind: 'snapshot', value: { region: 'line\nbreak' } as Snapshot });
    listener?.({ kind: 'problem', message: 'AWS denied\n\na call' });
    const expected =
      'event: snapshot\ndata: {"region":"line\\nbreak"}\n\nevent: problem\ndata: "AWS denied\\n\\na call"\n\n';
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk;
      if (text.length >= expected.length) break;
    }
    expect(text).toBe(expected);
    sent.destroy();
    await expect.poll(() => listeners.size).toBe(0);
  });
});

describe('an explanation', () => {
  it('is what sgr why says', async () => {
    const { status, text } = await ask(`/${TOKEN}/why?job=7`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ jobId: 7, summary: 'It runs in its task' });
  });

  it('is an error that says why', async () => {
    expect(await ask(`/${TOKEN}/why?job=13`)).toMatchObject({ status: 502, text: 'AWS denied a call\n' });
  });

  it.each(['', '?job=', '?job=x', '?job=1e3', '?job=7&job=8', '?job=1234567890123456'])(
    'needs the number of a job: %j',
    async (query) => {
      expect((await ask(`/${TOKEN}/why${query}`)).status).toBe(400);
    },
  );
});
