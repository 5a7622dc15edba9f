import type { Context, Hono } from 'hono';
import * as z from 'zod';
import { ApiError } from '../errors.ts';
import { idParameter, readJson } from '../http.ts';
import type { Instance } from '../instance.ts';
import { addWebhook, testWebhook } from '../webhooks/dispatcher.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { authorizedGroup, authorizedProject, pageOf, READ, WRITE } from './access.ts';
import { hookEntity, hookEventEntity } from './entities.ts';

const hookSchema = z.object({
  url: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  token: z.string().optional(),
  job_events: z.boolean().optional(),
  pipeline_events: z.boolean().optional(),
  push_events: z.boolean().optional(),
  enable_ssl_verification: z.boolean().optional(),
});
type HookRequest = z.infer<typeof hookSchema>;

/** Who owns a hook: exactly one of both is not null. */
type Owner = Pick<Webhook, 'projectId' | 'group'>;

/**
 * `/projects/:project/hooks` and `/groups/:group/hooks`. Hooks of all projects stand for system hooks, which are not listed here.
 * @see https://docs.gitlab.com/api/project_webhooks/
 */
export function addHookRoutes(routes: Hono, instance: Instance): void {
  const projectOwner = (context: Context, scopes = WRITE): Owner => ({
    projectId: authorizedProject(context, instance, scopes).id,
    group: null,
  });
  const groupOwner = (context: Context, scopes = WRITE): Owner => {
    const group = authorizedGroup(context, instance, scopes);
    if (!instance.settings.groupWebhooks) throw new ApiError(403, '403 Forbidden');
    return { projectId: null, group };
  };
  for (const [path, ownerOf] of [
    ['/projects/:project/hooks', projectOwner],
    ['/groups/:group/hooks', groupOwner],
  ] as const) {
    routes.get(path, (context) => {
      const hooks = hooksOf(instance, ownerOf(context, READ));
      return context.json(pageOf(context, hooks).map((hook) => hookEntity(instance, hook)));
    });
    routes.post(path, async (context) => {
      const owner = ownerOf(context);
      const body = await readHook(context, instance);
      // GitLab's defaults: push events, and none of the others.
      const events = { job: body.job_events ?? false, pipeline: body.pipeline_events ?? false };
      const hook = addWebhook(instance, {
        url: body.url,
        events,
        ...(body.token === undefined ? {} : { token: body.token }),
        ...(owner.projectId === null ? { group: owner.group ?? '' } : { projectId: owner.projectId }),
      });
      return context.json(hookEntity(instance, hook), 201);
    });
    routes.put(`${path}/:hook`, async (context) => {
      const hook = hookOf(context, instance, ownerOf(context));
      const body = await readHook(context, instance);
      // Another URL must not learn the secret: GitLab removes the token, unless a new one comes with it.
      if (hook.url !== body.url) hook.token = null;
      hook.url = body.url;
      hook.token = body.token ?? hook.token;
      hook.events = {
        job: body.job_events ?? hook.events.job,
        pipeline: body.pipeline_events ?? hook.events.pipeline,
      };
      return context.json(hookEntity(instance, hook));
    });
    routes.delete(`${path}/:hook`, (context) => {
      instance.webhooks.delete(hookOf(context, instance, ownerOf(context)).id);
      return context.body(null, 204);
    });
    routes.get(`${path}/:hook/events`, (context) => {
      const { id } = hookOf(context, instance, ownerOf(context, READ));
      const sent = instance.deliveries.filter(
        ({ webhookId, outcome }) => webhookId === id && outcome !== 'skipped',
      );
      return context.json(pageOf(context, sent.reverse()).map(hookEventEntity));
    });
    routes.post(`${path}/:hook/test/:trigger`, async (context) => {
      const owner = ownerOf(context);
      const hook = hookOf(context, instance, owner);
      if (context.req.param('trigger') !== 'job_events')
        throw new ApiError(400, 'trigger does not have a valid value', { validation: true });
      const newest = [...instance.jobs.values()]
        .filter(({ pipeline }) => isOf(instance, pipeline.project.id, owner))
        .at(-1);
      if (newest === undefined) throw new ApiError(422, 'Ensure the project has CI jobs.');
      const { status, responseBody, error } = await testWebhook(instance, hook, newest);
      if (status === null || status < 200 || status > 299)
        throw new ApiError(422, responseBody ?? error ?? '');
      return context.json({ message: '201 Created' }, 201);
    });
  }
}

function hooksOf(instance: Instance, { projectId, group }: Owner): Webhook[] {
  return [...instance.webhooks.values()].filter(
    (hook) => hook.projectId === projectId && hook.group === group,
  );
}

function hookOf(context: Context, instance: Instance, owner: Owner): Webhook {
  const id = idParameter(context, 'hook');
  const hook = hooksOf(instance, owner).find((one) => one.id === id);
  if (hook === undefined) throw new ApiError(404, '404 Not found');
  return hook;
}

function isOf(instance: Instance, project: number, { projectId, group }: Owner): boolean {
  if (projectId !== null) return project === projectId;
  return `${instance.projects.get(project)?.namespace}/`.startsWith(`${group}/`);
}

/** @throws {ApiError} 422 for a URL that GitLab refuses */
async function readHook(context: Context, instance: Instance): Promise<HookRequest> {
  const body = await readJson(context, instance, hookSchema);
  if (!/^https?:\/\//.test(body.url)) throw new ApiError(422, 'Invalid url given');
  return body;
}
