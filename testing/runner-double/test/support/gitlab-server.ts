import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';

/** The server's record of a job. */
export type ServedJob = {
  readonly id: number;
  readonly token: string;
  trace: Buffer;
  updates: Record<string, unknown>[];
  artifacts: { query: string; name: string; content: Buffer }[];
  /** Sent as `Job-Status` in every response. */
  status: string;
};

export type Answer = { status: number; headers?: Record<string, string>; body?: string | Buffer };

/** A small, strict GitLab for tests: wrong token 403, wrong range 416, wrong checksum 412. */
export class GitLabServer {
  readonly jobs = new Map<number, ServedJob>();
  readonly requests: { method: string; url: string; body: unknown }[] = [];
  runnerToken = 'glrt-runnertoken0000';
  /** Trace update interval in seconds; 0 omits the header. */
  updateInterval = 1;
  /** Answers that replace the regular ones. Each is used once, in order. */
  readonly faults: { matches: RegExp; answer: Answer }[] = [];
  readonly #queue: object[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  }

  enqueue(job: { id: number; token: string }): ServedJob {
    const served: ServedJob = {
      ...job,
      trace: Buffer.alloc(0),
      updates: [],
      artifacts: [],
      status: 'running',
    };
    this.jobs.set(job.id, served);
    this.#queue.push(job);
    this.#notify();
    return served;
  }

  /** Settles when `condition` holds. It is evaluated after each request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  finalState(id: number): Record<string, unknown> | undefined {
    return this.jobs.get(id)?.updates.find(({ state }) => state !== 'running');
  }

  #notify(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const method = request.method ?? '';
    const url = request.url ?? '';
    const parsed: unknown = /json/.test(request.headers['content-type'] ?? '')
      ? JSON.parse(body.toString('utf8'))
      : body;
    this.requests.push({ method, url, body: parsed });
    const fault = this.faults.findIndex(({ matches }) => matches.test(`${method} ${url}`));
    const answer =
      fault >= 0
        ? (this.faults.splice(fault, 1)[0]?.answer ?? { status: 500 })
        : this.#route(method, url, request, body, parsed);
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
    this.#notify();
  }

  #route(method: string, url: string, request: IncomingMessage, body: Buffer, parsed: unknown): Answer {
    if (url === '/api/v4/jobs/request') return this.#requestJob(parsed);
    if (url === '/api/v4/runners/verify') return this.#ofRunner(parsed) ? { status: 200 } : { status: 403 };
    if (url === '/api/v4/runners/managers') return this.#ofRunner(parsed) ? { status: 204 } : { status: 403 };
    const [, id, rest] = /^\/api\/v4\/jobs\/(\d+)(.*)$/.exec(url) ?? [];
    const job = this.jobs.get(Number(id));
    if (job === undefined) return { status: 404 };
    if (request.headers['job-token'] !== job.token) return { status: 403 };
    const headers = {
      'Job-Status': job.status,
      ...(this.updateInterval > 0 ? { 'X-GitLab-Trace-Update-Interval': String(this.updateInterval) } : {}),
    };
    if (rest?.startsWith('/artifacts')) return this.#artifacts(job, method, url, request, body);
    if (method === 'PATCH') return { headers, ...this.#patch(job, request, body) };
    return method === 'PUT' ? { headers, ...this.#update(job, parsed) } : { status: 405 };
  }

  #artifacts(job: ServedJob, method: string, url: string, request: IncomingMessage, body: Buffer): Answer {
    if (method === 'POST') return this.#upload(job, url, request, body);
    const content = job.artifacts[0]?.content;
    return content === undefined ? { status: 404 } : { status: 200, body: content };
  }

  #ofRunner(body: unknown): boolean {
    return typeof body === 'object' && body !== null && 'token' in body && body.token === this.runnerToken;
  }

  #requestJob(body: unknown): Answer {
    if (!this.#ofRunner(body)) return { status: 403, body: '{"message":"403 Forbidden"}' };
    const job = this.#queue.shift();
    if (job === undefined) return { status: 204, headers: { 'X-GitLab-Last-Update': 'mark' } };
    return { status: 201, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(job) };
  }

  #patch(job: ServedJob, request: IncomingMessage, body: Buffer): Answer {
    const [, from, to] = /^(\d+)-(\d+)$/.exec(request.headers['content-range'] ?? '') ?? [];
    if (Number(from) !== job.trace.length || Number(to) !== job.trace.length + body.length - 1) {
      return { status: 416, headers: { Range: `0-${job.trace.length}`, 'Job-Status': job.status } };
    }
    job.trace = Buffer.concat([job.trace, body]);
    return { status: 202 };
  }

  #update(job: ServedJob, parsed: unknown): Answer {
    if (typeof parsed !== 'object' || parsed === null) return { status: 400 };
    const update: Record<string, unknown> = { ...parsed };
    const checksum = `crc32:${crc32(job.trace).toString(16).padStart(8, '0')}`;
    if (update.state !== 'running') {
      const output = update.output;
      const received =
        typeof output === 'object' && output !== null && 'checksum' in output ? output.checksum : '';
      if (received !== checksum) {
        job.trace = Buffer.alloc(0);
        return { status: 412 };
      }
    }
    job.updates.push(update);
    return { status: 200 };
  }

  #upload(job: ServedJob, url: string, request: IncomingMessage, body: Buffer): Answer {
    const boundary = /boundary=(.*)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
    const head = body.indexOf('\r\n\r\n');
    const tail = body.lastIndexOf(`\r\n--${boundary}`);
    const name = /filename="([^"]*)"/.exec(body.subarray(0, head).toString('utf8'))?.[1] ?? '';
    job.artifacts.push({ query: url.split('?')[1] ?? '', name, content: body.subarray(head + 4, tail) });
    return { status: 201, body: '{}' };
  }
}
