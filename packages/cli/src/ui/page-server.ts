import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Explanation } from '../why/verdict.ts';
import type { LiveFeed } from './live-feed.ts';
import type { PageFile } from './page-files.ts';
import type { Snapshot } from './snapshot.ts';

/** What `why` answers: the explanation, and why GitLab could not be asked. */
export interface JobAnswer extends Explanation {
  gitlabProblems: string[];
}

export interface PageServerDeps {
  /** First part of every path. Whoever lacks it, such as another user of this machine or a web page, learns nothing. */
  token: string;
  files: ReadonlyMap<string, PageFile>;
  feed: LiveFeed<Snapshot>;
  explain(jobId: number): Promise<JobAnswer>;
  /** What a person is told of an error of `explain`. */
  describe(error: unknown): string;
}

/**
 * Nothing but the page's own files; no inline code, no form, no frame. With trusted types, a browser that knows them refuses to
 * make HTML of text at all.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // The token is in the URL, so links must not pass it on.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The page's HTTP server, which reads only. Its caller listens, on the loopback interface. */
export function createPageServer(deps: PageServerDeps): Server {
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { port } = server.address() as AddressInfo;
    const refusal = refusalOf(request, port);
    if (refusal) return answer(response, ...refusal);
    const [, token = '', ...rest] = pathOf(request).split('/');
    if (rest.length !== 1 || !isToken(token, deps.token)) return answer(response, 404, NOT_FOUND);
    void respond(request, response, rest[0] ?? '', deps);
  });
  return server;
}

const NOT_FOUND = 'Not found. Open the whole URL that `sgr ui` printed.';

/**
 * A web page may make its own name resolve to 127.0.0.1 (DNS rebinding). The browser then treats this server as a part of that
 * page, but the `Host` header still has the page's name.
 */
function refusalOf({ method, headers }: IncomingMessage, port: number): [number, string] | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? '')) return [403, `Open this page as http://127.0.0.1:${port}/…`];
  if (method !== 'GET') return [405, 'Only GET is supported.'];
  return undefined;
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

function isToken(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  { files, feed, explain, describe }: PageServerDeps,
): Promise<void> {
  const file = files.get(name);
  if (file) {
    response.setHeader('content-type', file.type);
    response.end(file.content);
  } else if (name === 'events') stream(request, response, feed);
  else if (name === 'why') await answerWhy(request, response, explain, describe);
  else answer(response, 404, NOT_FOUND);
}

/** Server-sent events, each with a JSON value. */
function stream(request: IncomingMessage, response: ServerResponse, feed: LiveFeed<Snapshot>): void {
  response.setHeader('content-type', 'text/event-stream');
  // Sent at once: the first value may take a while.
  response.flushHeaders();
  const end = feed.subscribe((event) => {
    const data = event.kind === 'snapshot' ? event.value : event.message;
    response.write(`event: ${event.kind}\ndata: ${JSON.stringify(data)}\n\n`);
  });
  request.on('close', end);
}

async function answerWhy(
  { url = '' }: IncomingMessage,
  response: ServerResponse,
  explain: PageServerDeps['explain'],
  describe: PageServerDeps['describe'],
): Promise<void> {
  const job = /\?job=(\d{1,15})$/.exec(url)?.[1];
  if (job === undefined) return answer(response, 400, 'Write ?job= and the number of a job.');
  try {
    const explanation = await explain(Number(job));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(explanation));
  } catch (error) {
    answer(response, 502, describe(error));
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}
