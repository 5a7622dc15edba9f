import type { Context, Hono } from 'hono';
import * as z from 'zod';
import { ApiError } from '../errors.ts';
import { idParameter, readJson } from '../http.ts';
import type { Instance } from '../instance.ts';
import type { Runner, RunnerScope } from '../model/runner.ts';
import { createRunner, createRunnerToken, isAvailableTo } from '../runners.ts';
import {
  authenticate,
  authorizedGroup,
  authorizedProject,
  groupPaths,
  pageOf,
  READ,
  WRITE,
} from './access.ts';
import { managerEntity, runnerDetails, runnerEntity } from './entities.ts';

const createRunnerSchema = z.object({
  runner_type: z.enum(['instance_type', 'group_type', 'project_type']),
  project_id: z.int().optional(),
  group_id: z.int().optional(),
  description: z.string().optional(),
  maintenance_note: z.string().max(1024).optional(),
  paused: z.boolean().optional(),
  locked: z.boolean().optional(),
  run_untagged: z.boolean().optional(),
  tag_list: z.union([z.string(), z.array(z.string())]).optional(),
  access_level: z.enum(['not_protected', 'ref_protected']).optional(),
  maximum_timeout: z.int().optional(),
});

const changeRunnerSchema = createRunnerSchema.pick({
  ...{ description: true, paused: true, run_untagged: true, tag_list: true, access_level: true },
});

function tagsOf(list: string | readonly string[] | undefined): readonly string[] {
  return typeof list === 'string' ? list.split(',').filter((tag) => tag !== '') : (list ?? []);
}

const assignSchema = z.object({ runner_id: z.int() });

/** Runners as their owners manage them. @see https://docs.gitlab.com/api/runners/ */
export function addRunnerRoutes(routes: Hono, instance: Instance): void {
  routes.get('/projects/:project/runners', (context) => {
    const project = authorizedProject(context, instance);
    return list(context, instance, (runner) => isAvailableTo(runner, project));
  });

  // GitLab lists the runners that its token's user owns: those of projects and groups.
  routes.get('/runners', (context) => {
    authenticate(context, instance, READ);
    return list(context, instance, ({ scope }) => scope.type !== 'instance_type');
  });

  routes.get('/groups/:group/runners', (context) => {
    const group = authorizedGroup(context, instance);
    return list(
      context,
      instance,
      ({ scope }) => scope.type === 'instance_type' || (scope.type === 'group_type' && scope.group === group),
    );
  });

  routes.post('/projects/:project/runners', async (context) => {
    const project = authorizedProject(context, instance, WRITE);
    const { runner_id: id } = await readJson(context, instance, assignSchema);
    const runner = instance.runners.get(id);
    if (!runner || runner.revoked) throw new ApiError(404, '404 Runner Not Found');
    if (runner.scope.type !== 'project_type')
      throw new ApiError(403, '403 Forbidden - Runner is a group runner');
    if (runner.scope.projectIds.has(project.id))
      throw new ApiError(400, '400 Bad request - Validation failed: Runner has already been taken');
    runner.scope.projectIds.add(project.id);
    instance.tickRunnerQueue();
    return context.json(runnerEntity(runner), 201);
  });

  routes.get('/runners/:id', (context) => {
    authenticate(context, instance, [...READ, 'manage_runner']);
    return context.json(runnerDetails(instance, existingRunner(context, instance)));
  });

  routes.get('/runners/:id/managers', (context) => {
    authenticate(context, instance, READ);
    return context.json([...existingRunner(context, instance).managers.values()].map(managerEntity));
  });

  routes.post('/runners/:id/reset_authentication_token', (context) => {
    authenticate(context, instance, [...WRITE, 'manage_runner']);
    const runner = existingRunner(context, instance);
    runner.token = createRunnerToken();
    return context.json({ token: runner.token, token_expires_at: null }, 201);
  });

  routes.put('/runners/:id', async (context) => {
    authenticate(context, instance, [...WRITE, 'manage_runner']);
    const runner = existingRunner(context, instance);
    const body = await readJson(context, instance, changeRunnerSchema);
    Object.assign(runner, {
      tags: body.tag_list === undefined ? runner.tags : tagsOf(body.tag_list),
      runUntagged: body.run_untagged ?? runner.runUntagged,
      paused: body.paused ?? runner.paused,
      accessLevel: body.access_level ?? runner.accessLevel,
      description: body.description ?? runner.description,
    });
    instance.tickRunnerQueue();
    return context.json(runnerDetails(instance, runner));
  });

  routes.delete('/runners/:id', (context) => {
    authenticate(context, instance, [...WRITE, 'manage_runner']);
    const runner = existingRunner(context, instance);
    if (runner.scope.type === 'project_type' && runner.scope.projectIds.size > 1)
      throw new ApiError(403, '403 Forbidden - Runner associated with more than one project');
    runner.revoked = true;
    return context.body(null, 204);
  });

  routes.post('/user/runners', async (context) => {
    authenticate(context, instance, [...WRITE, 'create_runner']);
    const body = await readJson(context, instance, createRunnerSchema);
    const tags = tagsOf(body.tag_list);
    const runUntagged = body.run_untagged ?? true;
    if (tags.length === 0 && !runUntagged)
      throw new ApiError(
        400,
        '400 Bad request - Tags list can not be empty when runner is not allowed to pick untagged jobs',
      );
    const runner = createRunner(instance, {
      tags,
      description: body.description ?? '',
      runUntagged,
      paused: body.paused ?? false,
      accessLevel: body.access_level ?? 'not_protected',
      scope: scopeOf(instance, body),
    });
    return context.json({ id: runner.id, token: runner.token, token_expires_at: null }, 201);
  });
}

function list(context: Context, instance: Instance, isListed: (runner: Runner) => boolean): Response {
  const runners = [...instance.runners.values()].filter((runner) => !runner.revoked && isListed(runner));
  return context.json(pageOf(context, runners).map((runner) => runnerEntity(runner)));
}

/** @throws {ApiError} 400 without the id that the type needs, and 403 for one that does not exist */
function scopeOf(
  instance: Instance,
  { runner_type: type, project_id: projectId, group_id: groupId }: z.infer<typeof createRunnerSchema>,
): RunnerScope {
  if (type === 'instance_type') return { type };
  if (type === 'project_type') {
    if (projectId === undefined) throw new ApiError(400, 'project_id is missing', { validation: true });
    if (!instance.projects.has(projectId))
      throw new ApiError(403, '403 Forbidden - Insufficient permissions');
    return { type, projectIds: new Set([projectId]) };
  }
  if (groupId === undefined) throw new ApiError(400, 'group_id is missing', { validation: true });
  const group = groupPaths(instance)[groupId - 1];
  if (group === undefined) throw new ApiError(403, '403 Forbidden - Insufficient permissions');
  return { type, group };
}

function existingRunner(context: Context, instance: Instance): Runner {
  const runner = instance.runners.get(idParameter(context, 'id'));
  if (!runner || runner.revoked) throw new ApiError(404, '404 Not found');
  return runner;
}
