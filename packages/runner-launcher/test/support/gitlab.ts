import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

export const API_TOKEN = 'glpat-planted-secret-1234';

/** A job as GitLab's API returns it, including fields that are not read. */
export function jobJson(id: number, over: Record<string, unknown> = {}) {
  return {
    id,
    name: 'test',
    status: 'pending',
    ref: 'main',
    tag: false,
    tag_list: [],
    pipeline: { id: 2, project_id: 1, status: 'running' },
    user: { name: 'Somebody' },
    ...over,
  };
}

export const json = (response: ServerResponse, status: number, body: unknown) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** A GitLab that answers the configured paths, any other path with 404, and a wrong token with 401. */
export async function startGitLab(routes: Record<string, unknown> | RequestListener) {
  const requests: { url: string; token: string | string[] | undefined }[] = [];
  const server = createServer((request, response) => {
    const { url = '' } = request;
    requests.push({ url, token: request.headers['private-token'] });
    if (typeof routes === 'function') return routes(request, response);
    if (request.method !== 'GET') return json(response, 405, { error: '405 Not Allowed' });
    if (request.headers['private-token'] !== API_TOKEN)
      return json(response, 401, { message: '401 Unauthorized' });
    const found = routes[url.replace(/^\/gitlab\/api\/v4/, '')];
    if (found === undefined) return json(response, 404, { message: '404 Not found' });
    json(response, 200, found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/gitlab`, requests, paths: () => requests.map(({ url }) => url) };
}
