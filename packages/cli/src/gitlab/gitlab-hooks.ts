import { Gitlab } from '@gitbeaker/rest';
import * as z from 'zod';
import { explainGitLabError, type GitLabHook, hookSchema } from './gitlab-reader.ts';

/** Where webhooks are: a project or a group, by id or path. */
export interface HookPlace {
  kind: 'project' | 'group';
  name: string | number;
}

/** Reads and changes webhooks. The token needs the scope `api`, and the role of a Maintainer (groups: Owner). */
export interface GitLabHooks {
  /** Webhooks of exactly this place; those of a project's groups apply to it too, and are not listed. @throws {GitLabError} */
  list(place: HookPlace): Promise<GitLabHook[]>;
  /** Replaces the secret token, and leaves everything else as it is. @throws {GitLabError} */
  setSecret(place: HookPlace, hook: GitLabHook, secret: string): Promise<void>;
  /** @throws {GitLabError} */
  remove(place: HookPlace, hook: GitLabHook): Promise<void>;
}

const TIMEOUT_MS = 20_000;

/** @param url of GitLab, without a path unless GitLab has one */
export function createGitLabHooks(url: string, token: string): GitLabHooks {
  const host = url.replace(/\/+$/, '');
  const api = new Gitlab({ host, token, queryTimeout: TIMEOUT_MS });
  const attempt = async <Result>(place: HookPlace, call: () => Promise<Result>): Promise<Result> => {
    try {
      return await call();
    } catch (error) {
      throw explainGitLabError(error, host, `the webhooks of ${placeName(place)}`, 'api');
    }
  };
  return {
    list: (place) =>
      attempt(place, async () =>
        z
          .array(hookSchema)
          .parse(
            await (place.kind === 'project'
              ? api.ProjectHooks.all(place.name)
              : api.GroupHooks.all(place.name)),
          ),
      ),
    setSecret: (place, { id, url }, secret) =>
      attempt(place, async () => {
        if (place.kind === 'project') await api.ProjectHooks.edit(place.name, id, url, { token: secret });
        else await api.GroupHooks.edit(place.name, id, url, { token: secret });
      }),
    remove: (place, { id }) =>
      attempt(place, async () => {
        if (place.kind === 'project') await api.ProjectHooks.remove(place.name, id);
        else await api.GroupHooks.remove(place.name, id);
      }),
  };
}

/** Such as `project team/app`. */
export function placeName({ kind, name }: HookPlace): string {
  return `${kind} ${name}`;
}

/** Whether a webhook's URL is that of an installation, whatever fleet its query names. */
export function pointsAt(hook: Pick<GitLabHook, 'url'>, webhookUrl: string): boolean {
  const [one, other] = [URL.parse(hook.url), URL.parse(webhookUrl)];
  return (
    one !== null &&
    other !== null &&
    one.host === other.host &&
    one.pathname.replace(/\/+$/, '') === other.pathname.replace(/\/+$/, '')
  );
}

/** The fleet that a webhook's URL names. */
export function fleetOfHook({ url }: Pick<GitLabHook, 'url'>): string {
  return URL.parse(url)?.searchParams.get('fleet') ?? 'default';
}
