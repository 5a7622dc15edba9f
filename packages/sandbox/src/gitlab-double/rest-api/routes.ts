import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import { idParameter, readJson } from '../http.ts';
import type { Instance } from '../instance.ts';
import type { Project } from '../model/project.ts';
import { createRunner } from '../runners.ts';
import { jobEntity, managerEntity } from './entities.ts';

const createRunnerSchema = z.looseObject({
  runner_type: z.enum(['instance_type', 'group_type', 'project_type']),
  project_id: z.int().optional(),
  group_id: z.int().optional(),
  description: z.string().optional(),
  paused: z.boolean().optional(),
  run_untagged: z.boolean().optional(),
  tag_list: z.union([z.string(), z.array(z.string())]).optional(),
});

/** The few routes of GitLab's REST API that the system uses, for callers with a `PRIVATE-TOKEN`. */
export function restRoutes(instance: Instance): Hono {
  const routes = new Hono();

  routes.get('/projects/:project/jobs', (context) => {
    const project = authorizedProject(context, instance);
    const scopes = context.req.queries('scope[]') ?? context.req.queries('scope') ?? [];
    const jobs = [...instance.jobs.values()].filter((job) => job.pipeline.project === project);
    const wanted = jobs.filter((job) => scopes.length === 0 || scopes.includes(job.status));
    return context.json(wanted.reverse().map((job) => jobEntity(instance, job)));
  });

  routes.get('/projects/:project/jobs/:id', (context) => {
    const project = authorizedProject(context, instance);
    const job = instance.jobs.get(idParameter(context, 'id'));
    if (job?.pipeline.project !== project) throw new ApiError(404, '404 Not found');
    return context.json(jobEntity(instance, job));
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
    });
    return context.json({ id: runner.id, token: runner.token, token_expires_at: null }, 201);
  });

  routes.get('/runners/:id/managers', (context) => {
    requirePrivateToken(context, instance);
    const runner = instance.runners.get(idParameter(context, 'id'));
    if (!runner || runner.revoked) throw new ApiError(404, '404 Not found');
    return context.json([...runner.managers.values()].map(managerEntity));
  });

  return routes;
}

function requirePrivateToken(context: Context, instance: Instance): void {
  if (context.req.header('private-token') === instance.settings.privateToken) return;
  throw new ApiError(401, '401 Unauthorized');
}

/** The project of the path, by id or by encoded path. 404 also when it exists for others, as GitLab answers. */
function authorizedProject(context: Context, instance: Instance): Project {
  requirePrivateToken(context, instance);
  const name = context.req.param('project') ?? '';
  const project = [...instance.projects.values()].find(({ id, path }) => `${id}` === name || path === name);
  if (!project) throw new ApiError(404, '404 Project Not Found');
  return project;
}
