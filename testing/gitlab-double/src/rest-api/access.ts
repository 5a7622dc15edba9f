import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { ApiError } from '../errors.ts';
import type { AccessScope, AccessToken, Instance } from '../instance.ts';
import type { Project } from '../model/project.ts';

/** Scopes that read, and those that change something other than runners. */
export const READ: readonly AccessScope[] = ['api', 'read_api'];
export const WRITE: readonly AccessScope[] = ['api'];

export function createAccessToken(instance: Instance, scopes: readonly AccessScope[]): string {
  const token = `glpat-${randomBytes(15).toString('base64url')}`;
  instance.accessTokens.set(token, { id: instance.nextId('accessToken'), scopes });
  return token;
}

/**
 * The token of a request, which must have one of the scopes: 401 without a valid token, 403 `insufficient_scope` otherwise, as
 * GitLab answers.
 */
export function authenticate(
  context: Context,
  instance: Instance,
  scopes?: readonly AccessScope[],
): AccessToken {
  const sent = context.req.header('private-token') ?? '';
  const token =
    sent === instance.settings.privateToken
      ? { id: 0, scopes: ['api'] as const }
      : instance.accessTokens.get(sent);
  if (token === undefined) throw new ApiError(401, '401 Unauthorized');
  if (scopes === undefined || scopes.some((scope) => token.scopes.includes(scope))) return token;
  throw new ApiError(403, 'insufficient_scope', { validation: true });
}

/** Finds the project of the request's path by id or encoded path. Throws 404 if it does not exist, as GitLab answers. */
export function authorizedProject(
  context: Context,
  instance: Instance,
  scopes: readonly AccessScope[] = READ,
): Project {
  authenticate(context, instance, scopes);
  const name = context.req.param('project') ?? '';
  const project = [...instance.projects.values()].find(({ id, path }) => `${id}` === name || path === name);
  if (!project) throw new ApiError(404, '404 Project Not Found');
  return project;
}

/** Id of a group: the double knows groups only as the namespaces of its projects. */
export function groupIdOf(instance: Instance, path: string): number {
  return groupPaths(instance).indexOf(path) + 1;
}

/** The group of the request's path, by id or encoded path. */
export function authorizedGroup(
  context: Context,
  instance: Instance,
  scopes: readonly AccessScope[] = READ,
): string {
  authenticate(context, instance, scopes);
  const name = context.req.param('group') ?? '';
  const group = groupPaths(instance).find((path, index) => path === name || `${index + 1}` === name);
  if (group === undefined) throw new ApiError(404, '404 Group Not Found');
  return group;
}

/** In the order in which they appeared, so that an id stays the same. */
export function groupPaths(instance: Instance): string[] {
  const paths = [...instance.projects.values()].flatMap(({ namespace }) => {
    const parts = namespace.split('/');
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  });
  return [...new Set(paths)];
}

/** Selects a page as GitLab does: 20 items by default, at most 100. `x-next-page` is empty on the last page. */
export function pageOf<Item>(context: Context, items: readonly Item[]): readonly Item[] {
  const size = Math.min(100, pageNumber(context, 'per_page', 20));
  const page = pageNumber(context, 'page', 1);
  const isLast = items.length <= page * size;
  context.header('x-next-page', isLast ? '' : `${page + 1}`);
  return items.slice((page - 1) * size, page * size);
}

function pageNumber(context: Context, name: string, fallback: number): number {
  const text = context.req.query(name) ?? `${fallback}`;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new ApiError(400, `${name} is invalid`, { validation: true });
  return Number(text);
}
