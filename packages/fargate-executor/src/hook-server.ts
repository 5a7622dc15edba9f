import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { messageOf } from './errors.ts';
import { parseHookEnvironment } from './job/job-request.ts';
import type { HookResult, JobExecutor } from './job-executor.ts';
import type { Logger } from './logger.ts';

/**
 * Last line of an answer to `prepare`, `cleanup` and `why`; the hook takes it out and ends accordingly. A stream that ends
 * without it broke.
 */
const RESULT_MARKER = 'fargate-executor-result:';

/**
 * The hooks' way to the resident process: HTTP on a Unix socket. `POST /prepare` and `POST /cleanup` take `env -0` and
 * answer with lines for the job log as they come; `GET /again/<job>` opens a lost connection anew, `GET /why/<job>` tells why a job's task was lost, `GET
 * /after/<job>/<stage>/<exit code>` what there is to say after a stage.
 */
export async function startHookServer(
  socketPath: string,
  executor: JobExecutor,
  logger: Logger,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(executor, request, response).catch((error: unknown) => {
      logger.error('a hook could not be answered', { url: request.url, error: messageOf(error) });
      response.destroy();
    });
  });
  // A prepare takes as long as images take to pull; nobody but the hooks can connect.
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
  const write = (line: string) => void response.write(`${line}\n`);
  if (request.method === 'GET' && (await answerQuestion(executor, request.url ?? '', write))) {
    response.end();
    return;
  }
  if (request.method !== 'POST' || (request.url !== '/prepare' && request.url !== '/cleanup')) {
    response.writeHead(404).end();
    return;
  }
  const environment = parseHookEnvironment((await buffer(request)).toString('utf8'));
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  const result =
    request.url === '/prepare'
      ? await executor.prepare(environment, write, hangUpOf(response))
      : await cleanup(executor, environment, write);
  response.end(`${RESULT_MARKER}${result}\n`);
}

/** What the run hook asks of a job. @returns whether it is a question at all */
async function answerQuestion(
  executor: JobExecutor,
  url: string,
  write: (line: string) => void,
): Promise<boolean> {
  const why = /^\/why\/(\d+)$/.exec(url);
  const again = /^\/again\/(\d+)$/.exec(url);
  const after = /^\/after\/(\d+)\/(\w+)\/(\d+)$/.exec(url);
  if (why) write(`${RESULT_MARKER}${await executor.why(Number(why[1]), write)}`);
  if (again) write((await executor.again(Number(again[1]))) ? 'yes' : 'no');
  if (after) {
    const [, jobId, name = '', exitCode] = after;
    const stage = { name, exitCode: Number(exitCode) };
    for (const line of await executor.afterStage(Number(jobId), stage)) write(line);
  }
  return Boolean(why ?? again ?? after);
}

async function cleanup(
  executor: JobExecutor,
  environment: ReadonlyMap<string, string>,
  write: (line: string) => void,
): Promise<HookResult> {
  try {
    await executor.cleanup(environment);
    return 'success';
  } catch (error) {
    write(`The job's task could not be stopped: ${messageOf(error)}`);
    return 'system-failure';
  }
}

/** Aborts when the hook goes away before it has its answer. */
function hangUpOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) controller.abort();
  });
  return controller.signal;
}
