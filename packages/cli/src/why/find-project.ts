import type { JobArgument } from './job-argument.ts';
import type { ReceivedWebhook } from './job-facts.ts';

/** Where a job is to be asked for. */
export interface JobPlace {
  gitlabUrl: string;
  project: string | number;
}

/**
 * Finds the GitLab and the project of a job: those of the URL, or else of its webhook. Only a GitLab that a fleet names is
 * returned, since the user's token is sent to it.
 * @param gitlabUrls of the fleets, by name
 */
export function findProject(
  { page }: JobArgument,
  webhooks: readonly ReceivedWebhook[],
  gitlabUrls: ReadonlyMap<string, string>,
): JobPlace | undefined {
  if (page) {
    const gitlabUrl = [...gitlabUrls.values()].find((url) => page.url.startsWith(withSlash(url)));
    if (gitlabUrl === undefined) return undefined;
    return { gitlabUrl, project: page.url.slice(withSlash(gitlabUrl).length).replace(/\/$/, '') };
  }
  for (const { fleet, projectId } of webhooks) {
    const gitlabUrl = gitlabUrls.get(fleet);
    if (gitlabUrl !== undefined && projectId !== undefined) return { gitlabUrl, project: projectId };
  }
  return undefined;
}

/** So that a host's name cannot be the beginning of another one's. */
function withSlash(url: string): string {
  return `${url.replace(/\/+$/, '')}/`;
}
