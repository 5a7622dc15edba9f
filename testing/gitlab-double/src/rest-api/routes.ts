import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { ApiError } from '../errors.ts';
import { readCommit } from '../git/repository.ts';
import { idParameter, readJson } from '../http.ts';
import type { Instance } from '../instance.ts';
import { isProtectedBranch, type Project } from '../model/project.ts';
import type { Runner } from '../model/runner.ts';
import { createRunner, newRunnerToken } from '../runners.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { hookEntity, jobEntity, managerEntity, runnerDetails, runnerEntity } from './entities.ts';

const createRunnerSchema = z.looseObject({
  runner_type: z.enum(['instance_type', 'group_type', 'project_type']),
  project_id: z.int().optional(),
  group_id: z.int().optional(),
  description: z.string().optional(),
  paused: z.boolean().optional(),
  run_untagged: z.boolean().optional(),
  tag_list: z.union([z.string(), z.array(z.string())]).optional(),
  access_level: z.enum(['not_protected', 'ref_protected']).optional(),
});

/** GitLab requires the URL even if it stays the same; whatever else is missing stays. */
const editHookSchema = z.looseObject({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().optional(),
  job_events: z.boolean().optional(),
  pipeline_events: z.boolean().optional(),
});

/** The routes of GitLab's REST API that the system uses. They require a `PRIVATE-TOKEN`. */
export function restRoutes(instance: Instance): Hono {
  const routes = new Hono();

  routes.get('/projects/:project/jobs', (context) => {
    const project = authorizedProject(context, instance);
    const scopes = context.req.queries('scope[]') ?? context.req.queries('scope') ?? [];
    const jobs = [...instance.jobs.values()].filter((job) => job.pipeline.project === project);
    const selected = jobs.filter((job) => scopes.length === 0 || scopes.includes(job.status)).reverse();
    return context.json(pageOf(context, selected).map((job) => jobEntity(instance, job)));
  });

  routes.get('/projects/:project/jobs/:id', (context) => {
    const project = authorizedProject(context, instance);
    const job = instance.jobs.get(idParameter(context, 'id'));
    if (job?.pipeline.project !== project) throw new ApiError(404, '404 Not found');
    return context.json(jobEntity(instance, job));
  });

  // Hooks of all projects stand for system and group hooks, which are not listed here.
  routes.get('/projects/:project/hooks', (context) => {
    const project = authorizedProject(context, instance);
    const hooks = [...instance.webhooks.values()].filter(({ projectId }) => projectId === project.id);
    return context.json(pageOf(context, hooks).map((hook) => hookEntity(instance, hook)));
  });

  routes.put('/projects/:project/hooks/:id', async (context) => {
    const project = authorizedProject(context, instance);
    const hook = existingHook(context, instance, project.id);
    changeHook(hook, await readJson(context, instance, editHookSchema));
    return context.json(hookEntity(instance, hook));
  });

  routes.delete('/projects/:project/hooks/:id', (context) => {
    const project = authorizedProject(context, instance);
    instance.webhooks.delete(existingHook(context, instance, project.id).id);
    return context.body(null, 204);
  });

  // Hooks without a project stand for those of every group.
  routes.get('/groups/:group/hooks', (context) => {
    requireGroup(context, instance);
    const hooks = [...instance.webhooks.values()].filter(({ projectId }) => projectId === null);
    return context.json(pageOf(context, hooks).map((hook) => hookEntity(instance, hook)));
  });

  routes.put('/groups/:group/hooks/:id', async (context) => {
    requireGroup(context, instance);
    const hook = existingHook(context, instance, null);
    changeHook(hook, await readJson(context, instance, editHookSchema));
    return context.json(hookEntity(instance, hook));
  });

  routes.delete('/groups/:group/hooks/:id', (context) => {
    requireGroup(context, instance);
    instance.webhooks.delete(existingHook(context, instance, null).id);
    return context.body(null, 204);
  });

  routes.get('/projects/:project/runners', (context) => {
    authorizedProject(context, instance);
    const runners = [...instance.runners.values()].filter(({ revoked }) => !revoked);
    return context.json(pageOf(context, runners).map((runner) => runnerEntity(runner)));
  });

  routes.get('/runners/:id', (context) => {
    requirePrivateToken(context, instance);
    return context.json(runnerDetails(existingRunner(context, instance)));
  });

  routes.post('/runners/:id/reset_authentication_token', (context) => {
    requirePrivateToken(context, instance);
    const runner = existingRunner(context, instance);
    runner.token = newRunnerToken();
    return context.json({ token: runner.token, token_expires_at: null }, 201);
  });

  routes.get('/projects/:project/repository/branches/:branch', async (context) => {
    const project = authorizedProject(context, instance);
    const name = context.req.param('branch');
    const commit = await readCommit(project, `refs/heads/${name}`).catch(() => undefined);
    if (!commit) throw new ApiError(404, '404 Branch Not Found');
    return context.json({
      name,
      merged: false,
      protected: isProtectedBranch(project, name),
      default: name === project.defaultBranch,
      commit: { id: commit.sha, message: commit.message },
    });
  });

  // The double has no tags: its pipelines run for branches.
  routes.get('/projects/:project/repository/tags/:tag', (context) => {
    authorizedProject(context, instance);
    throw new ApiError(404, '404 Tag Not Found');
  });

  routes.post('/user/runners', async (context) => {
    requirePrivateToken(context, instance);
    const body = await readJson(context, instance, createRunnerSchema);
    const tags = typeof body.tag_list === 'string' ? body.tag_list.split(',') : (body.tag_list ?? []);
    const runner = createRunner(instance, {
      tags,
      description: body.description ?? '',
      runUntagged: body.run_untagged ?? true,
      paused: body.paused ?? false,
      accessLevel: body.access_level ?? 'not_protected',
    });
    return context.json({ id: runner.id, token: runner.token, token_expires_at: null }, 201);
  });

  routes.get('/runners/:id/managers', (context) => {
    requirePrivateToken(context, instance);
    return context.json([...existingRunner(context, instance).managers.values()].map(managerEntity));
  });

  return routes;
}

function existingHook(context: Context, instance: Instance, projectId: number | null): Webhook {
  const hook = instance.webhooks.get(idParameter(context, 'id'));
  if (hook?.projectId !== projectId) throw new ApiError(404, '404 Not found');
  return hook;
}

function changeHook(hook: Webhook, body: z.infer<typeof editHookSchema>): void {
  // Another URL must not learn the secret: GitLab removes the token, unless a new one comes with it.
  if (hook.url !== body.url) hook.token = null;
  hook.url = body.url;
  hook.token = body.token ?? hook.token;
  hook.events = {
    job: body.job_events ?? hook.events.job,
    pipeline: body.pipeline_events ?? hook.events.pipeline,
  };
}

/** Throws 404 unless a project is in that group. */
function requireGroup(context: Context, instance: Instance): void {
  requirePrivateToken(context, instance);
  const group = context.req.param('group');
  const exists = [...instance.projects.values()].some(
    ({ namespace }) => namespace === group || namespace.startsWith(`${group}/`),
  );
  if (!exists) throw new ApiError(404, '404 Group Not Found');
}

function existingRunner(context: Context, instance: Instance): Runner {
  const runner = instance.runners.get(idParameter(context, 'id'));
  if (!runner || runner.revoked) throw new ApiError(404, '404 Not found');
  return runner;
}

/** Selects a page as GitLab does: 20 items by default, at most 100. `x-next-page` is empty on the last page. */
function pageOf<Item>(context: Context, items: readonly Item[]): readonly Item[] {
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

function requirePrivateToken(context: Context, instance: Instance): void {
  const token = context.req.header('private-token');
  if (token === instance.settings.privateToken) return;
  if (token === instance.settings.readApiToken) {
    if (context.req.method === 'GET') return;
    throw new ApiError(403, 'insufficient_scope', { validation: true });
  }
  throw new ApiError(401, '401 Unauthorized');
}

/** Finds the project of the request's path by id or encoded path. Throws 404 if it does not exist, as GitLab answers. */
function authorizedProject(context: Context, instance: Instance): Project {
  requirePrivateToken(context, instance);
  const name = context.req.param('project') ?? '';
  const project = [...instance.projects.values()].find(({ id, path }) => `${id}` === name || path === name);
  if (!project) throw new ApiError(404, '404 Project Not Found');
  return project;
}
