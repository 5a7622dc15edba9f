import { type Context, Hono } from 'hono';
import type { Instance } from '../instance.ts';
import { grantedAccess } from './registry-access.ts';
import { hasRegistryAbility, registryCaller, subjectOf } from './registry-caller.ts';
import { REGISTRY_SERVICE, TOKEN_PATH } from './registry-settings.ts';
import { registryToken } from './registry-token.ts';

/**
 * `GET /jwt/auth`: issues tokens for the container registry. Shape, texts and statuses are those of GitLab's JwtController and
 * Auth::ContainerRegistryAuthenticationService. The response is only the token, which is valid for five minutes. It has no
 * `expires_in`, so clients assume the 60 seconds of the specification.
 */
export function tokenRoutes(instance: Instance): Hono {
  const routes = new Hono();
  routes.get(TOKEN_PATH, (context) => issueToken(context, instance));
  // Docker tries the specification's OAuth2 flow first and takes 404 as "not supported".
  routes.post(TOKEN_PATH, (context) => context.body(null, 404));
  return routes;
}

function issueToken(context: Context, instance: Instance): Response {
  const { registry } = instance.settings;
  const caller = registryCaller(instance, context.req.header('authorization'));
  if (!caller) {
    return context.json({ errors: [{ code: 'UNAUTHORIZED', message: accessDenied(instance) }] }, 401);
  }
  const service = context.req.query('service');
  if (service !== REGISTRY_SERVICE) {
    const { method, path } = context.req;
    const message = `unknown service ${service}: the registry's auth.token.service is wrong`;
    instance.recordProtocolError({ method, path, status: 404, message });
    return context.body(null, 404);
  }
  if (!registry) return refuse(context, 404, 'UNAVAILABLE', 'registry not enabled');
  const scopes = (context.req.queries('scope') ?? []).flatMap((scope) => scope.split(' ')).filter(Boolean);
  const access = scopes.flatMap((scope) => grantedAccess(instance, caller, scope) ?? []);
  const grantsNothing = caller.kind === 'none' && access.length === 0;
  if (grantsNothing || !hasRegistryAbility(caller)) return refuse(context, 403, 'DENIED', 'access forbidden');
  const claims = { audience: service, subject: subjectOf(caller), authType: caller.kind, access };
  return context.json({ token: registryToken(registry, { ...claims, now: instance.now() }) });
}

function refuse(context: Context, status: 403 | 404, code: string, message: string): Response {
  return context.json({ errors: [{ code, message }], http_status: status }, status);
}

function accessDenied(instance: Instance): string {
  const help = `${instance.settings.externalUrl}/help/user/profile/account/two_factor_authentication_troubleshooting.md`;
  return [
    "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or you're",
    'required to use a token instead of a password. If a token was provided, it was either incorrect, expired, or improperly',
    `scoped. See ${help}`,
  ].join(' ');
}
