import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '@aws-lambda-powertools/logger';
import { messageOf } from './errors.ts';
import { SESSION_ID } from './job/job-session.ts';
import { parseHookEnvironment } from './job/request/job-request.ts';
import type { HookResult, JobExecutor } from './job-executor.ts';
import { configOutput } from './manager/config-output.ts';

/**
 * Starts the last line of an answer to `prepare`, `cleanup` and `why`. The hook removes that line and exits accordingly. An
 * answer without it is incomplete.
 */
const RESULT_MARKER = 'runner-manager-result:';

/** Maximum size of a request: Linux starts no hook with a larger environment. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Serves one request of a hook. */
type Route = (call: HookCall) => Promise<void>;

/** A hook's request; `session` and `rest` are what follows the route's name in the URL. */
interface HookCall {
  executor: JobExecutor;
  request: IncomingMessage;
  response: ServerResponse;
  session: string;
  rest: readonly string[];
  /** Writes a line into the job log. */
  write(line: string): void;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'POST config': config,
  'POST prepare': prepare,
  'POST cleanup': cleanup,
  'GET again': again,
  'GET why': why,
  'POST script': script,
  'GET after': after,
};

/**
 * Serves the hooks: HTTP on a Unix socket.
 * - `POST /config` takes the path of the job response, opens a session, and answers with the configuration for the runner. The
 *   paths of all other requests name the session.
 * - `POST /prepare/SESSION` takes the output of `env -0`. It, `POST /cleanup/SESSION` and `GET /why/SESSION` stream lines for the
 *   job log.
 * - `GET /again/SESSION` reopens a lost connection and answers whether there is one.
 * - `POST /script/SESSION` reports that the job's script begins.
 * - `GET /after/SESSION/STAGE/EXIT-CODE` answers with lines for the job log after a stage.
 */
export async function startHookServer(
  socketPath: string,
  executor: JobExecutor,
  logger: Logger,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(executor, request, response).catch((error: unknown) => {
      logger.error('could not answer a hook', { url: request.url, error: messageOf(error) });
      response.destroy();
    });
  });
  // No timeouts: a prepare takes as long as images take to pull, and only the hooks can connect.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.timeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return server;
}

async function answer(
  executor: JobExecutor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, name = '', session = '', ...rest] = (request.url ?? '').split('/');
  const route = ROUTES[`${request.method} ${name}`];
  if (!route || (session !== '' && !SESSION_ID.test(session))) {
    response.writeHead(404).end();
    return;
  }
  // Only this server may write the result line, so a job's line that looks like it gets a leading space.
  const write = (line: string) =>
    void response.write(`${line.startsWith(RESULT_MARKER) ? ' ' : ''}${line}\n`);
  await route({ executor, request, response, session, rest, write });
}

async function config({ executor, request, response }: HookCall): Promise<void> {
  try {
    const session = await executor.open((await body(request)).toString('utf8'));
    response.end(`${configOutput(session)}\n`);
  } catch (error) {
    response.writeHead(500).end(`ERROR: ${messageOf(error)}\n`);
  }
}

async function prepare(call: HookCall): Promise<void> {
  const { executor, request, response, session, write } = call;
  const environment = parseHookEnvironment((await body(request)).toString('utf8'));
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  end(call, await executor.prepare(session, environment, write, hangUpOf(response)));
}

async function cleanup(call: HookCall): Promise<void> {
  try {
    await call.executor.cleanup(call.session);
    end(call, 'success');
  } catch (error) {
    call.write(`The job's task could not be stopped: ${messageOf(error)}`);
    end(call, 'system-failure');
  }
}

async function why(call: HookCall): Promise<void> {
  end(call, await call.executor.why(call.session, call.write));
}

async function again({ executor, response, session }: HookCall): Promise<void> {
  response.end((await executor.again(session)) ? 'yes\n' : 'no\n');
}

async function script({ executor, response, session }: HookCall): Promise<void> {
  executor.scriptStarts(session);
  response.end();
}

async function after({ executor, response, session, rest, write }: HookCall): Promise<void> {
  const [name = '', exitCode = ''] = rest;
  if (!/^\w{1,100}$/.test(name) || !/^\d{1,3}$/.test(exitCode)) {
    response.writeHead(404).end();
    return;
  }
  for (const line of await executor.afterStage(session, { name, exitCode: Number(exitCode) })) write(line);
  response.end();
}

function end({ response }: HookCall, result: HookResult): void {
  response.end(`${RESULT_MARKER}${result}\n`);
}

/** A request's body. @throws when it is larger than any hook sends */
async function body(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the hook's request has more than ${MAX_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Aborts when the hook disconnects before its answer is complete. */
function hangUpOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) controller.abort();
  });
  return controller.signal;
}
