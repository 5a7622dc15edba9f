import type { JobResponse } from './job-response.ts';

/** Who a job is: what events and tags say of it. Nothing in it is taken from the job's variables. */
export interface JobIdentity {
  /** Base URL of the fleet's GitLab. */
  instance: string;
  jobId: number;
  jobName: string;
  /** Undefined where the runner is older than 19.0, which drops it. */
  pipelineId: number | undefined;
  projectId: number;
  projectPath: string | undefined;
}

/** Longest text that GitLab and the events allow. */
const MOST_NAME_CHARACTERS = 255;
const MOST_PATH_CHARACTERS = 1024;

/**
 * Who a job is, from what GitLab says outside of the job's variables, and from which GitLab, by the manager's own
 * configuration. A job's variables come in the same document, predefined ones among them, but a job may override
 * each, and GitLab sorts them by what they refer to: not even the first one of a name is known to be GitLab's own.
 */
export function jobIdentity(
  { id, job_info: info, git_info: git }: JobResponse,
  gitlabUrl: string,
): JobIdentity {
  const path = info.project_full_path || pathOf(git?.repo_url ?? '', gitlabUrl);
  return {
    instance: gitlabUrl,
    jobId: id,
    jobName: (info.name ?? '').slice(0, MOST_NAME_CHARACTERS),
    pipelineId: info.pipeline_id || undefined,
    projectId: info.project_id,
    projectPath: path && path.length <= MOST_PATH_CHARACTERS ? path : undefined,
  };
}

/** `group/project` of `https://gitlab-ci-token:…@gitlab.example.com/group/project.git`. */
function pathOf(repositoryUrl: string, gitlabUrl: string): string | undefined {
  const url = URL.parse(repositoryUrl);
  if (!url?.pathname.endsWith('.git')) return undefined;
  const root = URL.parse(gitlabUrl)?.pathname.replace(/\/$/, '') ?? '';
  const path = url.pathname.startsWith(`${root}/`) ? url.pathname.slice(root.length) : url.pathname;
  return path.slice(1, -'.git'.length) || undefined;
}
