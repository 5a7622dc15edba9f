import { Gitlab } from '@gitbeaker/rest';
import * as z from 'zod';
import { callGitLab, GITLAB_TIMEOUT_MS, MAY_CHANGE } from './gitlab-call.ts';
import { type GitLabHook, hookSchema } from './gitlab-reader.ts';
import { type HookPlace, placeName } from './hook-place.ts';

/** Reads and changes webhooks. The token needs the scope `api`, and the role of a Maintainer (groups: Owner). */
export interface GitLabHooks {
  /** Webhooks of exactly this place; those of a project's groups apply to it too, and are not listed. @throws {GitLabError} */
  list(place: HookPlace): Promise<GitLabHook[]>;
  /** Creates one for job events. @throws {GitLabError} */
  create(place: HookPlace, url: string, secret: string): Promise<GitLabHook>;
  /** Replaces the secret token, and sends job events, whatever was sent before. @throws {GitLabError} */
  repair(place: HookPlace, hook: GitLabHook, secret: string): Promise<void>;
  /** Replaces the secret token, and leaves everything else as it is. @throws {GitLabError} */
  setSecret(place: HookPlace, hook: GitLabHook, secret: string): Promise<void>;
  /** @throws {GitLabError} */
  remove(place: HookPlace, hook: GitLabHook): Promise<void>;
  /**
   * Lets GitLab send the newest job of the place.
   * @throws {GitLabError} of the kind `rejected` if there is no job, or with the receiver's answer if that is an error; of the
   * kind `not-found` before GitLab 16.11
   */
  test(place: HookPlace, hook: GitLabHook): Promise<void>;
}

/** @param url of GitLab, without a path unless GitLab has one */
export function createGitLabHooks(url: string, token: string): GitLabHooks {
  const host = url.replace(/\/+$/, '');
  const api = new Gitlab({ host, token, queryTimeout: GITLAB_TIMEOUT_MS });
  const attempt = <Schema extends z.ZodType>(
    place: HookPlace,
    schema: Schema,
    call: (hooks: Gitlab['ProjectHooks'] | Gitlab['GroupHooks']) => Promise<unknown>,
  ) =>
    callGitLab({ host, what: `the webhooks of ${placeName(place)}`, needs: MAY_CHANGE }, schema, () =>
      call(place.kind === 'project' ? api.ProjectHooks : api.GroupHooks),
    );
  const change = async (place: HookPlace, call: Parameters<typeof attempt>[2]): Promise<void> => {
    await attempt(place, z.unknown(), call);
  };
  return {
    list: (place) => attempt(place, z.array(hookSchema), (hooks) => hooks.all(place.name)),
    create: (place, hookUrl, secret) =>
      attempt(place, hookSchema, (hooks) => hooks.add(place.name, hookUrl, forJobs(secret))),
    repair: (place, { id, url: hookUrl }, secret) =>
      change(place, (hooks) => hooks.edit(place.name, id, hookUrl, forJobs(secret))),
    setSecret: (place, { id, url: hookUrl }, secret) =>
      change(place, (hooks) => hooks.edit(place.name, id, hookUrl, { token: secret })),
    remove: (place, { id }) => change(place, (hooks) => hooks.remove(place.name, id)),
    // The library has no function for this; its requester's paths begin with `projects/` or `groups/`.
    test: (place, { id }) =>
      change(place, (hooks) =>
        hooks.requester.post(`${encodeURIComponent(place.name)}/hooks/${id}/test/job_events`),
      ),
  };
}

function forJobs(token: string) {
  return { token, jobEvents: true, pushEvents: false, enableSslVerification: true };
}
