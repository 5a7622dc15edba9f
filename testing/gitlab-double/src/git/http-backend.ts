import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gitEnvironment } from './git-environment.ts';

/** Ends the headers of a CGI program's output. */
const HEADERS_END = /\r?\n\r?\n/;

/** Serves one request of git's smart HTTP protocol with `git http-backend`, streaming both ways. */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  target: { repository: string; path: string; query: string },
): Promise<void> {
  const backend = spawn('git', ['http-backend'], {
    env: cgiEnvironment(request, target),
  });
  const stderr: Buffer[] = [];
  backend.stderr.on('data', (part: Buffer) => stderr.push(part));
  response.once('close', () => backend.kill());
  const failed = new Promise<never>((_, reject) => backend.once('error', reject));
  // Not an error: the client may disconnect, and the backend may not need all input.
  pipeline(request, backend.stdin).catch(() => undefined);
  const body = await Promise.race([writeHeaders(backend.stdout, response), failed]);
  if (body === null) {
    response
      .writeHead(500)
      .end(`git http-backend did not answer: ${Buffer.concat(stderr).toString('utf8')}\n`);
    return;
  }
  response.write(body);
  await pipeline(backend.stdout, response).catch(() => undefined);
}

/** The RFC 3875 environment that git-http-backend(1) needs. */
function cgiEnvironment(
  request: IncomingMessage,
  { repository, path, query }: { repository: string; path: string; query: string },
): Record<string, string> {
  const headers = {
    CONTENT_TYPE: request.headers['content-type'],
    CONTENT_LENGTH: request.headers['content-length'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    GIT_PROTOCOL: request.headers['git-protocol'],
  };
  const present = Object.entries(headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    ...gitEnvironment(),
    ...Object.fromEntries(present),
    GIT_PROJECT_ROOT: dirname(repository),
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: join('/', repository.slice(dirname(repository).length), path),
    QUERY_STRING: query,
    REQUEST_METHOD: request.method ?? 'GET',
    REMOTE_USER: 'gitlab-ci-token',
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
  };
}

/** Forwards the program's headers. Returns the start of the body that was read with them; null if the output ends first. */
async function writeHeaders(stdout: Readable, response: ServerResponse): Promise<Buffer | null> {
  let head = Buffer.alloc(0);
  for (;;) {
    const chunk = await nextChunk(stdout);
    if (chunk === null) return null;
    head = Buffer.concat([head, chunk]);
    const end = HEADERS_END.exec(head.toString('latin1'));
    if (!end) continue;
    applyHeaders(head.toString('latin1', 0, end.index), response);
    return head.subarray(end.index + end[0].length);
  }
}

function applyHeaders(text: string, response: ServerResponse): void {
  for (const line of text.split(/\r?\n/)) {
    const [name = '', ...rest] = line.split(':');
    const value = rest.join(':').trim();
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
    else if (name) response.setHeader(name, value);
  }
}

/** The next chunk of a paused stream; null at its end. */
function nextChunk(stream: Readable): Promise<Buffer | null> {
  const chunk: unknown = stream.read();
  if (Buffer.isBuffer(chunk)) return Promise.resolve(chunk);
  if (stream.readableEnded) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const settle = (callback: () => void) => {
      stream.off('readable', onReadable).off('end', onEnd).off('error', onError);
      callback();
    };
    const onReadable = () => settle(() => resolve(nextChunk(stream)));
    const onEnd = () => settle(() => resolve(null));
    const onError = (error: Error) => settle(() => reject(error));
    stream.on('readable', onReadable).on('end', onEnd).on('error', onError);
  });
}
