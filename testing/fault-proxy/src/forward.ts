import { Agent, type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './call.ts';

/** Headers that speak of one connection only (RFC 9110, 7.6.1), and `expect`, which this proxy has answered itself. */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'expect',
]);

/** A request as it is passed on. */
export interface Forwarded {
  method: string;
  url: string;
  rawHeaders: readonly string[];
  /** The whole body, or the request whose body is streamed. */
  body: Buffer | IncomingMessage;
}

/**
 * Passes requests on to one server, each over a connection of its own: one that is kept may be closed by the server at the very
 * moment of the next request, and that would be a fault that no rule asked for.
 */
export class Upstream {
  readonly #agent = new Agent({ keepAlive: false });
  readonly #base: URL;

  constructor(base: string) {
    this.#base = new URL(base);
  }

  /** Sends a request; the answer's body is yet to be read. Rejects when the server cannot be reached or `signal` aborts. */
  async send({ method, url, rawHeaders, body }: Forwarded, signal: AbortSignal): Promise<IncomingMessage> {
    const { hostname, port } = this.#base;
    const outgoing = request({
      ...{ hostname, port: port === '' ? 80 : Number(port), method, path: url, agent: this.#agent, signal },
      headers: Buffer.isBuffer(body) ? withLength(rawHeaders, body) : endToEnd(rawHeaders, true),
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    if (Buffer.isBuffer(body)) outgoing.end(body);
    // What breaks here breaks the answer as well, which rejects.
    else pipeline(body, outgoing).catch(() => outgoing.destroy());
    return await answered;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Reads an answer to its end. */
export async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const headers: Record<string, string> = {};
  for (const [name, value] of pairs(incoming.rawHeaders))
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  return { status: incoming.statusCode ?? 502, headers, body: await readBody(incoming) };
}

/** Reads a message's body to its end. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Headers for the other connection, in their order and spelling; a body that came in chunks goes on in chunks. */
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
