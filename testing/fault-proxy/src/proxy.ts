import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Call, Dialect } from './call.ts';
import { endToEnd, type Forwarded, readAnswer, readBody, Upstream } from './forward.ts';
import { type ActiveRule, type Effect, type Rule, RuleBook } from './rules.ts';

/** What became of a call: the status that its client got, or why it got none. */
export type Outcome = number | 'cut' | 'hung' | 'unreachable' | 'abandoned';

export interface FaultProxyOptions {
  /** Address to listen on. */
  host: string;
  dialect: Dialect;
  /** Told of each call when it is over. */
  onCall?: (call: Call, outcome: Outcome) => void;
}

/** A proxy that passes everything on as it is, but for the calls that a rule takes. */
export interface FaultProxy {
  /** Where clients reach it. */
  url: string;
  /** Says where calls go, `http://host:port`; until then they are answered 503. */
  forwardTo(upstream: string): void;
  add(rule: Rule): ActiveRule;
  /** Ends all rules; what hangs by one is cut. */
  clear(): void;
  stop(): Promise<void>;
}

/** One request on its way. */
interface Passage {
  call: Call;
  forwarded: Forwarded;
  request: IncomingMessage;
  response: ServerResponse;
  upstream: Upstream;
  /** Aborts when the client is gone. */
  gone: AbortSignal;
}

/** Starts a fault proxy. */
export async function startFaultProxy({ host, dialect, onCall }: FaultProxyOptions): Promise<FaultProxy> {
  const rules = new RuleBook();
  let upstream: Upstream | undefined;
  const server = createServer((request, response) => {
    if (upstream === undefined) {
      response.writeHead(503).end();
      return;
    }
    serve(request, response, { upstream, dialect, rules, onCall }).catch(() => response.destroy());
  });
  // Long polls and large artifacts take as long as they take.
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

interface Parts {
  upstream: Upstream;
  dialect: Dialect;
  rules: RuleBook;
  onCall: FaultProxyOptions['onCall'];
}

async function serve(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { dialect, rules, upstream, onCall } = parts;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { method = 'GET', url = '/', headers, rawHeaders } = request;
  const head = { method, url, headers };
  const body = dialect.readsBody(head) ? await readBody(request) : undefined;
  const call = dialect.name(head, body);
  const forwarded: Forwarded = { method, url, rawHeaders, body: body ?? request };
  const passage = { call, forwarded, request, response, upstream, gone: gone.signal };
  const taken = rules.take(call);
  const outcome = await (taken ? applyRule(taken, passage) : pass(passage)).catch(() => failed(passage));
  onCall?.(call, outcome);
}

function applyRule(
  { effect, rule }: { effect: Effect; rule: ActiveRule },
  passage: Passage,
): Promise<Outcome> {
  switch (effect.kind) {
    case 'answer':
      return answerWithout(effect.answer(passage.call), passage);
    case 'cut':
      return cut(effect.when, passage);
    case 'delay':
      return passLater(effect.ms, passage);
    case 'hang':
      return hang(effect.when, rule, passage);
    case 'twice':
      return passTwice(passage);
    case 'rewrite':
      return rewritten(effect.rewrite, passage);
  }
}

/** The body is taken first: a client that still writes would see a broken pipe instead of the answer. */
async function answerWithout(answer: Answer, { request, response }: Passage): Promise<Outcome> {
  if (!request.complete) await readBody(request);
  return write(answer, response);
}

async function cut(when: 'before' | 'after' | 'within', passage: Passage): Promise<Outcome> {
  const { request, response, upstream, forwarded, gone } = passage;
  if (when !== 'before') {
    const answer = await readAnswer(await upstream.send(forwarded, gone));
    if (when === 'within') await writeHalf(answer, response);
  }
  request.socket.destroy();
  return 'cut';
}

async function passLater(ms: number, passage: Passage): Promise<Outcome> {
  await delay(ms, undefined, { signal: passage.gone });
  return await pass(passage);
}

async function hang(
  when: 'before' | 'after',
  { ended }: ActiveRule,
  { forwarded, request, upstream, gone }: Passage,
): Promise<Outcome> {
  if (when === 'after') await readAnswer(await upstream.send(forwarded, gone));
  else request.resume();
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of [ended, gone]) {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  }
  await promise;
  request.socket.destroy();
  return 'hung';
}

async function passTwice({ forwarded, request, response, upstream, gone }: Passage): Promise<Outcome> {
  const body = Buffer.isBuffer(forwarded.body) ? forwarded.body : await readBody(request);
  await readAnswer(await upstream.send({ ...forwarded, body }, gone));
  const second = await upstream.send({ ...forwarded, body }, gone);
  return write(await readAnswer(second), response);
}

async function rewritten(
  rewrite: (answer: Answer, call: Call) => Answer,
  { call, forwarded, response, upstream, gone }: Passage,
): Promise<Outcome> {
  const answer = await readAnswer(await upstream.send(forwarded, gone));
  return write(rewrite(answer, call), response);
}

/** Passes on as it is: the answer streams, byte for byte. */
async function pass({ forwarded, response, upstream, gone }: Passage): Promise<Outcome> {
  const answer = await upstream.send(forwarded, gone);
  const status = answer.statusCode ?? 502;
  response.writeHead(status, answer.statusMessage, endToEnd(answer.rawHeaders));
  response.flushHeaders();
  // An answer that breaks off breaks off for the client too, which must not take it for whole.
  answer.once('error', () => response.destroy()).once('aborted', () => response.destroy());
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    answer.pipe(response);
  });
  return answer.complete ? status : 'cut';
}

function failed({ response, gone }: Passage): Outcome {
  if (gone.aborted) return 'abandoned';
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
