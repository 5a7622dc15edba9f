import type { Dialect } from './call.ts';

const ROUTES: readonly [method: string, path: RegExp, operation: string][] = [
  ['POST', /^\/api\/v4\/jobs\/request$/, 'jobs/request'],
  ['PUT', /^\/api\/v4\/jobs\/\d+$/, 'jobs/update'],
  ['PATCH', /^\/api\/v4\/jobs\/\d+\/trace$/, 'jobs/trace'],
  ['POST', /^\/api\/v4\/jobs\/\d+\/artifacts/, 'artifacts/upload'],
  ['GET', /^\/api\/v4\/jobs\/\d+\/artifacts/, 'artifacts/download'],
  ['POST', /^\/api\/v4\/runners\/verify$/, 'runners/verify'],
  ['DELETE', /^\/api\/v4\/runners\/managers$/, 'runners/unregister'],
  ['GET', /^\/api\/v4\/projects\/\d+\/jobs\/\d+$/, 'projects/job'],
  ['GET', /\.git\/info\/refs$/, 'git/refs'],
  ['POST', /\.git\/git-upload-pack$/, 'git/fetch'],
];

/** Names GitLab's requests of runners and jobs by route. Bodies are streamed. */
export const gitlabDialect: Dialect = {
  readsBody: () => false,
  name: ({ method, url, headers }) => {
    const path = url.split('?')[0] ?? url;
    const route = ROUTES.find(([routeMethod, pattern]) => routeMethod === method && pattern.test(path));
    return {
      service: 'gitlab',
      operation: route?.[2] ?? `${method} ${path}`,
      caller: headers['user-agent'] ?? '',
      method,
      url,
      parameters: {},
      protocol: 'gitlab',
    };
  },
};
