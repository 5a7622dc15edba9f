import { Hono } from 'hono';
import { ApiError } from '../errors.ts';
import { readCommit } from '../git/repository.ts';
import { idParameter } from '../http.ts';
import type { Instance } from '../instance.ts';
import { isProtectedBranch } from '../model/project.ts';
import { authenticate, authorizedGroup, authorizedProject, groupIdOf, pageOf } from './access.ts';
import { jobEntity, projectEntity } from './entities.ts';
import { addHookRoutes } from './hook-routes.ts';
import { addRunnerRoutes } from './runner-routes.ts';

/** The routes of GitLab's REST API that the system uses. They require a `PRIVATE-TOKEN`. */
export function restRoutes(instance: Instance): Hono {
  const routes = new Hono();
  addHookRoutes(routes, instance);
  addRunnerRoutes(routes, instance);

  // Any valid token may ask for itself.
  routes.get('/personal_access_tokens/self', (context) => {
    const { id, scopes } = authenticate(context, instance);
    return context.json({ id, name: 'token', active: true, revoked: false, scopes, expires_at: null });
  });

  routes.get('/projects/:project', (context) =>
    context.json(projectEntity(instance, authorizedProject(context, instance))),
  );

  routes.get('/groups/:group', (context) => {
    const path = authorizedGroup(context, instance);
    return context.json({ id: groupIdOf(instance, path), full_path: path, name: path });
  });

  routes.get('/groups/:group/projects', (context) => {
    const group = authorizedGroup(context, instance);
    const withSubgroups = context.req.query('include_subgroups') === 'true';
    const projects = [...instance.projects.values()].filter(({ namespace }) =>
      withSubgroups ? `${namespace}/`.startsWith(`${group}/`) : namespace === group,
    );
    return context.json(pageOf(context, projects).map((project) => projectEntity(instance, project)));
  });

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

  return routes;
}
