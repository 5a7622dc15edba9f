import { Hono } from 'hono';
import { ApiError } from '../errors.ts';
import { readJson } from '../http.ts';
import type { Instance } from '../instance.ts';
import { createRunnerToken } from '../runners.ts';
import { authenticateRunner, contactManager } from './authentication.ts';
import { registerSchema, unregisterManagerSchema, unregisterSchema, verifySchema } from './schemas.ts';

/** `/runners`: the routes that runners use for their registration. */
export function runnerRoutes(instance: Instance): Hono {
  const routes = new Hono();

  // Registration tokens are disabled by default since 17.0: GitLab answers 410 if they are disallowed, 403 for a wrong token.
  routes.post('/', async (context) => {
    const { token } = await readJson(context, instance, registerSchema);
    if (!token) throw new ApiError(400, 'token is missing', { validation: true });
    if (instance.runnerByToken(token)) throw new ApiError(403, '403 Forbidden - invalid token supplied');
    throw new ApiError(410, '410 Gone - runner registration disallowed');
  });

  routes.post('/verify', async (context) => {
    const body = await readJson(context, instance, verifySchema);
    const runner = authenticateRunner(context, instance, body.token);
    const manager = contactManager(instance, runner, body);
    instance.hub.publish({ type: 'runner-contact', at: instance.now(), runner, manager, request: 'verify' });
    return context.json({ id: runner.id, token: runner.token, token_expires_at: null });
  });

  routes.post('/reset_authentication_token', async (context) => {
    const body = await readJson(context, instance, unregisterSchema);
    // Unlike the other routes, this one reads no header.
    if (!body.token) throw new ApiError(400, 'token is missing', { validation: true });
    const runner = authenticateRunner(context, instance, body.token);
    runner.token = createRunnerToken();
    return context.json({ token: runner.token, token_expires_at: null }, 201);
  });

  routes.delete('/', async (context) => {
    const body = await readJson(context, instance, unregisterSchema);
    const runner = authenticateRunner(context, instance, body.token);
    runner.revoked = true;
    return context.body(null, 204);
  });

  routes.delete('/managers', async (context) => {
    const body = await readJson(context, instance, unregisterManagerSchema);
    const runner = authenticateRunner(context, instance, body.token);
    const manager = runner.managers.get(body.system_id);
    if (!manager) throw new ApiError(404, '404 Not Found');
    runner.managers.delete(body.system_id);
    instance.hub.publish({ type: 'manager-removed', at: instance.now(), runner, manager });
    return context.body(null, 204);
  });

  // The job router (KAS) of newer GitLab. Like most instances, this one has none.
  routes.get('/router/discovery', (context) => {
    authenticateRunner(context, instance, undefined);
    throw new ApiError(501, '501 Not Implemented');
  });

  return routes;
}
