import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { WebhookDelivery } from '@serverless-gitlab-runner/gitlab-double';
import { type Log, REPOSITORY_ROOT, step } from '@serverless-gitlab-runner/machine';
import type { BenchEnvironment } from './bench-environment.ts';
import { type Figure, figureOf, limitedFigure } from './figure.ts';

const BUNDLE = pathToFileURL(join(REPOSITORY_ROOT, 'packages/webhook-receiver/dist/index.mjs')).href;
const WARM_WEBHOOKS = 5;

/** Runs the Lambda's bundle, and answers each event with the handler's answer. */
const LAMBDA = `const { parentPort, workerData } = require('node:worker_threads');
const loading = import(workerData);
parentPort.on('message', async (event) => parentPort.postMessage(await (await loading).handler(event)));`;

/** A call to AWS. Times are in milliseconds. */
interface Call {
  operation: string;
  from: number;
  until: number;
}

/** Counts the receiver's calls to AWS and its connections, for real webhooks of the GitLab double. */
export async function measureReceiver(environment: BenchEnvironment, log: Log): Promise<Figure[]> {
  const delivery = environment.jobWebhook();
  return step(log, "The receiver's calls for a first webhook, and for further ones", async () => {
    const aws = await startCounter(environment.awsEndpoint);
    const lambda = new Worker(LAMBDA, {
      eval: true,
      workerData: BUNDLE,
      stdout: true,
      env: { ...environment.receiverVariables, AWS_ENDPOINT_URL: aws.url },
    });
    try {
      const cold = await receive(lambda, aws, delivery, 1);
      const warm: Received[] = [];
      for (let number = 2; number <= WARM_WEBHOOKS + 1; number += 1)
        warm.push(await receive(lambda, aws, delivery, number));
      return figuresOf(cold, warm);
    } finally {
      await lambda.terminate();
      await aws.stop();
    }
  });
}

interface Received {
  calls: readonly Call[];
  connections: number;
}

function figuresOf(cold: Received, warm: readonly Received[]): Figure[] {
  const names = (calls: readonly Call[]) => calls.map(({ operation }) => operation).join(', ');
  const most = (count: (received: Received) => number) => Math.max(...warm.map(count));
  return [
    limitedFigure({
      figure: `webhook-receiver: calls for a first webhook (${names(cold.calls)})`,
      unit: 'calls',
      value: cold.calls.length,
      limit: 3,
    }),
    limitedFigure({
      figure: 'webhook-receiver: calls one after the other for a first webhook; the others are concurrent',
      unit: 'calls',
      value: longestChain(cold.calls),
      limit: 2,
    }),
    limitedFigure({
      figure: `webhook-receiver: calls for a further webhook (${names(warm.at(-1)?.calls ?? [])})`,
      unit: 'calls',
      value: most(({ calls }) => calls.length),
      limit: 1,
    }),
    figureOf({
      figure: 'webhook-receiver: new connections for a further webhook, to those for the first',
      unit: '',
      value: most(({ connections }) => connections),
      baseline: cold.connections,
      target: 0,
    }),
  ];
}

/** Largest number of calls of which each began after the end of another. */
function longestChain(calls: readonly Call[]): number {
  let length = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, until } of calls.toSorted((one, other) => one.until - other.until)) {
    if (from < end) continue;
    length += 1;
    end = until;
  }
  return length;
}

async function receive(
  lambda: Worker,
  aws: Counter,
  delivery: WebhookDelivery,
  number: number,
): Promise<Received> {
  const before = { calls: aws.calls.length, connections: aws.connections() };
  const answered = once(lambda, 'message');
  lambda.postMessage(functionUrlEvent(delivery, number));
  const [answer] = await answered;
  if (answer.statusCode !== 202) throw new Error(`the receiver answered ${JSON.stringify(answer)}`);
  return { calls: aws.calls.slice(before.calls), connections: aws.connections() - before.connections };
}

/** A delivery as the event of a function URL, for another job each time: duplicates are not published again. */
function functionUrlEvent({ url, requestHeaders, requestBody }: WebhookDelivery, number: number) {
  const body = { ...JSON.parse(requestBody), build_id: 1_000_000 + number };
  const headers = Object.entries(requestHeaders).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    version: '2.0',
    rawPath: '/',
    rawQueryString: new URL(url).search.slice(1),
    headers: {
      ...Object.fromEntries(headers.filter(([name]) => !UNIQUE_HEADERS.has(name))),
      'x-gitlab-event-uuid': `bench-${number}`,
    },
    requestContext: { http: { method: 'POST', path: '/' } },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}

/** Headers that identify a delivery. */
const UNIQUE_HEADERS: ReadonlySet<string> = new Set([
  'idempotency-key',
  'webhook-id',
  'x-gitlab-webhook-uuid',
]);

interface Counter {
  url: string;
  readonly calls: readonly Call[];
  connections(): number;
  stop(): Promise<void>;
}

/** A server that forwards all calls to AWS and counts them. */
async function startCounter(endpoint: string): Promise<Counter> {
  const calls: Call[] = [];
  let connections = 0;
  const server = createServer((incoming, answer) => {
    const call: Call = { operation: operationOf(incoming), from: performance.now(), until: Number.NaN };
    calls.push(call);
    answer.once('close', () => {
      call.until = performance.now();
    });
    forward(incoming, answer, endpoint);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the counter has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    connections: () => connections,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function forward(incoming: IncomingMessage, answer: ServerResponse, endpoint: string): void {
  const { method, headers, url = '/' } = incoming;
  const onward = request(new URL(url, endpoint), { method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  onward.once('error', (error) => answer.destroy(error));
  incoming.pipe(onward);
}

function operationOf({ headers }: IncomingMessage): string {
  return String(headers['x-amz-target'] ?? 'unknown').replace(/^.*\./, '');
}
