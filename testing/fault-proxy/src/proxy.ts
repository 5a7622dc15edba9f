import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Call, Dialect } from './call.ts';
import { endToEnd, type Forwarded, readAnswer, readBody, Upstream } from './forward.ts';
import { type ActiveRule, type Effect, type Rule, RuleSet } from './rules.ts';

/** Outcome of a call: the status that the client received, or why it received none. */
export type Outcome = number | 'cut' | 'hung' | 'unreachable' | 'abandoned';

export interface FaultProxyOptions {
  /** Address to listen on. */
  host: string;
  dialect: Dialect;
  /** Called when a call has ended. */
  onCall?: (call: Call, outcome: Outcome) => void;
}

/** A proxy that forwards all calls unchanged, except those that a rule matches. */
export interface FaultProxy {
  /** Address for clients. */
  url: string;
  /** Sets the upstream server, `http://host:port`. Until then all calls are answered with 503. */
  forwardTo(upstream: string): void;
  add(rule: Rule): ActiveRule;
  /** Removes all rules and cuts hanging calls. */
  clear(): void;
  stop(): Promise<void>;
}

/** One request with its response. */
interface Exchange {
  call: Call;
  forwarded: Forwarded;
  request: IncomingMessage;
  response: ServerResponse;
  upstream: Upstream;
  /** Aborts when the client disconnects. */
  clientGone: AbortSignal;
}

/** Starts a fault proxy. */
export async function startFaultProxy({ host, dialect, onCall }: FaultProxyOptions): Promise<FaultProxy> {
  const rules = new RuleSet();
  let upstream: Upstream | undefined;
  const server = createServer((request, response) => {
    if (upstream === undefined) {
      response.writeHead(503).end();
      return;
    }
    serve(request, response, { upstream, dialect, rules, onCall }).catch(() => response.destroy());
  });
  // No limit: long polls and large artifacts take long.
  server.requestTimeout = 0;
  const port = await listen(server, host);
  return {
    url: `http://${host}:${port}`,
    forwardTo: (base) => {
      upstream?.close();
      upstream = new Upstream(base);
    },
    add: (rule) => rules.add(rule),
    clear: () => rules.clear(),
    stop: async () => {
      rules.clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      upstream?.close();
    },
  };
}

interface ServeDeps {
  upstream: Upstream;
  dialect: Dialect;
  rules: RuleSet;
  onCall: FaultProxyOptions['onCall'];
}

async function serve(request: IncomingMessage, response: ServerResponse, deps: ServeDeps): Promise<void> {
  const { dialect, rules, upstream, onCall } = deps;
  const clientGone = new AbortController();
  response.once('close', () => clientGone.abort());
  const { method = 'GET', url = '/', headers, rawHeaders } = request;
  const head = { method, url, headers };
  const body = dialect.readsBody(head) ? await readBody(request) : undefined;
  const call = dialect.name(head, body);
  const forwarded: Forwarded = { method, url, rawHeaders, body: body ?? request };
  const exchange = { call, forwarded, request, response, upstream, clientGone: clientGone.signal };
  const matched = rules.match(call);
  const outcome = await (matched ? applyRule(matched, exchange) : forwardUnchanged(exchange)).catch(() =>
    failed(exchange),
  );
  onCall?.(call, outcome);
}

function applyRule(
  { effect, rule }: { effect: Effect; rule: ActiveRule },
  exchange: Exchange,
): Promise<Outcome> {
  switch (effect.kind) {
    case 'answer':
      return answerDirectly(effect.answer(exchange.call), exchange);
    case 'cut':
      return cut(effect.when, exchange);
    case 'delay':
      return forwardLater(effect.ms, exchange);
    case 'hang':
      return hang(effect.when, rule, exchange);
    case 'twice':
      return forwardTwice(exchange);
    case 'rewrite':
      return forwardRewritten(effect.rewrite, exchange);
  }
}

/** Reads the body first: a client that is still writing would see a broken pipe instead of the response. */
async function answerDirectly(answer: Answer, { request, response }: Exchange): Promise<Outcome> {
  if (!request.complete) await readBody(request);
  return write(answer, response);
}

async function cut(when: 'before' | 'after' | 'within', exchange: Exchange): Promise<Outcome> {
  const { request, response, upstream, forwarded, clientGone } = exchange;
  if (when !== 'before') {
    const answer = await readAnswer(await upstream.send(forwarded, clientGone));
    if (when === 'within') await writeHalf(answer, response);
  }
  request.socket.destroy();
  return 'cut';
}

async function forwardLater(ms: number, exchange: Exchange): Promise<Outcome> {
  await delay(ms, undefined, { signal: exchange.clientGone });
  return await forwardUnchanged(exchange);
}

async function hang(
  when: 'before' | 'after',
  { ended }: ActiveRule,
  { forwarded, request, upstream, clientGone }: Exchange,
): Promise<Outcome> {
  if (when === 'after') await readAnswer(await upstream.send(forwarded, clientGone));
  else request.resume();
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of [ended, clientGone]) {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  }
  await promise;
  request.socket.destroy();
  return 'hung';
}

async function forwardTwice({
  forwarded,
  request,
  response,
  upstream,
  clientGone,
}: Exchange): Promise<Outcome> {
  const body = Buffer.isBuffer(forwarded.body) ? forwarded.body : await readBody(request);
  await readAnswer(await upstream.send({ ...forwarded, body }, clientGone));
  const second = await upstream.send({ ...forwarded, body }, clientGone);
  return write(await readAnswer(second), response);
}

async function forwardRewritten(
  rewrite: (answer: Answer, call: Call) => Answer,
  { call, forwarded, response, upstream, clientGone }: Exchange,
): Promise<Outcome> {
  const answer = await readAnswer(await upstream.send(forwarded, clientGone));
  return write(rewrite(answer, call), response);
}

/** Forwards the call unchanged and streams the response. */
async function forwardUnchanged({ forwarded, response, upstream, clientGone }: Exchange): Promise<Outcome> {
  const answer = await upstream.send(forwarded, clientGone);
  const status = answer.statusCode ?? 502;
  response.writeHead(status, answer.statusMessage, endToEnd(answer.rawHeaders));
  response.flushHeaders();
  // A truncated response must be truncated for the client too, which would otherwise take it for complete.
  answer.once('error', () => response.destroy()).once('aborted', () => response.destroy());
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    answer.pipe(response);
  });
  return answer.complete ? status : 'cut';
}

function failed({ response, clientGone }: Exchange): Outcome {
  if (clientGone.aborted) return 'abandoned';
  if (response.headersSent) response.destroy();
  else response.writeHead(502).end();
  return 'unreachable';
}

function write({ status, headers, body }: Answer, response: ServerResponse): Outcome {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) }).end(body);
  return status;
}

async function writeHalf({ status, headers, body }: Answer, response: ServerResponse): Promise<void> {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) });
  await new Promise<void>((resolve) =>
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => resolve()),
  );
}

function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}
