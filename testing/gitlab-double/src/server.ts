import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { tokenRoutes } from './container-registry/token-service.ts';
import { ApiError } from './errors.ts';
import { handleGit, isGitPath } from './git/git-server.ts';
import type { Instance } from './instance.ts';
import { restRoutes } from './rest-api/routes.ts';
import { jobRoutes } from './runner-api/jobs.ts';
import { runnerRoutes } from './runner-api/runners.ts';

/** Creates the HTTP server: git paths, registry tokens, and the API under `/api/v4`. It does not listen yet. */
export function createGitLabServer(instance: Instance): Server {
  const api = getRequestListener(createApi(instance).fetch);
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://gitlab');
    if (isGitPath(pathname)) serveGitPath(instance, request, response);
    else api(request, response);
  });
}

function serveGitPath(instance: Instance, request: IncomingMessage, response: ServerResponse): void {
  handleGit(instance, request, response).catch((error: unknown) => {
    instance.recordProtocolError({ ...requestOf(request), status: 500, message: String(error) });
    response.destroy();
  });
}

function createApi(instance: Instance): Hono {
  const app = new Hono();
  app.route('/api/v4/runners', runnerRoutes(instance));
  app.route('/api/v4/jobs', jobRoutes(instance));
  app.route('/api/v4', restRoutes(instance));
  app.route('/', tokenRoutes(instance));
  app.notFound((context) => {
    throw new ApiError(404, '404 Not Found', { violation: context.req.path.startsWith('/api/') });
  });
  app.onError((error, context) => answerError(instance, context, error));
  return app;
}

/** Answers with the error response that a route threw. An unexpected error becomes a 500 and a protocol error. */
function answerError(instance: Instance, context: Context, error: Error): Response {
  const { method, path } = context.req;
  if (!(error instanceof ApiError)) {
    instance.recordProtocolError({ method, path, status: 500, message: error.stack ?? error.message });
    return context.json({ message: '500 Internal Server Error' }, 500);
  }
  const { status, message, headers } = error;
  if (error.violation) instance.recordProtocolError({ method, path, status, message });
  return context.json(error.validation ? { error: message } : { message }, status, headers);
}

function requestOf(request: IncomingMessage): { method: string; path: string } {
  return { method: request.method ?? '', path: request.url ?? '' };
}
