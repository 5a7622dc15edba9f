import { Agent, type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './call.ts';

/** Hop-by-hop headers (RFC 9110, 7.6.1), and `expect`, which this proxy answers itself. */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'expect',
]);

/** A request to forward. */
export interface Forwarded {
  method: string;
  url: string;
  rawHeaders: readonly string[];
  /** The complete body, or the request whose body is streamed. */
  body: Buffer | IncomingMessage;
}

/**
 * Forwards requests to one server, each over its own connection: the server could close a kept-alive connection at the moment of
 * the next request, which would be a fault that no rule injected.
 */
export class Upstream {
  readonly #agent = new Agent({ keepAlive: false });
  readonly #base: URL;

  constructor(base: string) {
    this.#base = new URL(base);
  }

  /** Sends a request and returns the response with an unread body. Rejects if the server is unreachable or `signal` aborts. */
  async send({ method, url, rawHeaders, body }: Forwarded, signal: AbortSignal): Promise<IncomingMessage> {
    const { hostname, port } = this.#base;
    const outgoing = request({
      hostname,
      port: port === '' ? 80 : Number(port),
      method,
      path: url,
      agent: this.#agent,
      signal,
      headers: Buffer.isBuffer(body) ? withLength(rawHeaders, body) : endToEnd(rawHeaders, true),
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    if (Buffer.isBuffer(body)) outgoing.end(body);
    // A failure here also breaks the response, which rejects.
    else pipeline(body, outgoing).catch(() => outgoing.destroy());
    return await answered;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Reads a response completely. */
export async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const headers: Record<string, string> = {};
  for (const [name, value] of pairs(incoming.rawHeaders))
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  return { status: incoming.statusCode ?? 502, headers, body: await readBody(incoming) };
}

/** Reads a message's body completely. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Headers for the other connection, with their order and spelling. A chunked request stays chunked. */
export function endToEnd(rawHeaders: readonly string[], isRequest = false): string[] {
  const kept = pairs(rawHeaders).filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()));
  const chunked = pairs(rawHeaders).some(
    ([name, value]) => name.toLowerCase() === 'transfer-encoding' && value.toLowerCase() === 'chunked',
  );
  return [...kept, ...(isRequest && chunked ? [['transfer-encoding', 'chunked'] as const] : [])].flat();
}

function withLength(rawHeaders: readonly string[], body: Buffer): string[] {
  const kept = pairs(endToEnd(rawHeaders)).filter(([name]) => name.toLowerCase() !== 'content-length');
  const isEmpty = body.length === 0 && kept.length === pairs(endToEnd(rawHeaders)).length;
  return [...kept, ...(isEmpty ? [] : [['content-length', String(body.length)] as const])].flat();
}

function pairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    found.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  return found;
}
