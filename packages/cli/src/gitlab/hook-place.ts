import type { GitLabHook } from './gitlab-reader.ts';

/** Where webhooks are: a project or a group, by id or path. */
export interface HookPlace {
  kind: 'project' | 'group';
  name: string | number;
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
