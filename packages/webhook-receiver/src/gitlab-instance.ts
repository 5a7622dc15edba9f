/** Values that indicate which GitLab instance sent a webhook. */
export interface InstanceHints {
  /** `X-Gitlab-Instance`. */
  header: string | undefined;
  /** `project.web_url` or `repository.homepage`: the instance's URL and the project's path. */
  projectUrl: string | undefined;
  projectPath: string | undefined;
  /** The fleet's `gitlabUrl`. */
  configured: string;
}

const MAX_LENGTH = 2048;

/** Base URL of the GitLab instance that sent a webhook, without a trailing slash. */
export function gitlabInstance({ header, projectUrl, projectPath, configured }: InstanceHints): string {
  const derived =
    projectPath && projectUrl?.endsWith(`/${projectPath}`)
      ? projectUrl.slice(0, -projectPath.length - 1)
      : undefined;
  return baseUrl(header) ?? baseUrl(derived) ?? baseUrl(configured) ?? configured;
}

function baseUrl(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_LENGTH || !URL.canParse(text)) return undefined;
  const { protocol, origin, pathname } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const url = `${origin}${pathname}`.replace(/\/+$/, '');
  return url.length > MAX_LENGTH ? undefined : url;
}
