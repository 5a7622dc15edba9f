import type { JobResponse } from './job-response.ts';

/** Identity of a job, for events and tags. Nothing in it comes from the job's variables. */
export interface JobIdentity {
  /** Base URL of the fleet's GitLab. */
  instance: string;
  jobId: number;
  jobName: string;
  /** Undefined for a runner before 19.0, which drops it. */
  pipelineId: number | undefined;
  projectId: number;
  projectPath: string | undefined;
  /** Branch, tag, or a merge request's ref. */
  ref?: string;
  /** Whether the job's ref is protected; undefined for a runner that drops it. */
  isProtected: boolean | undefined;
  /** Seconds that the job waited in GitLab until a runner had it; undefined for a runner that drops it. */
  queuedSeconds: number | undefined;
}

/** Limits of GitLab and of the events. */
const MAX_NAME_CHARACTERS = 255;
const MAX_PATH_CHARACTERS = 1024;

/**
 * Reads a job's identity from the fields that GitLab sends besides the job's variables; the GitLab instance comes from the
 * manager's own configuration. The variables in the same document are not trusted: a job may override each, predefined ones
 * too, and GitLab sorts them by their references, so not even the first entry of a name is reliably GitLab's own.
 */
export function jobIdentity(
  { id, job_info: info, git_info: git }: JobResponse,
  gitlabUrl: string,
): JobIdentity {
  const path = info.project_full_path || pathOf(git?.repo_url ?? '', gitlabUrl);
  return {
    instance: gitlabUrl,
    jobId: id,
    jobName: (info.name ?? '').slice(0, MAX_NAME_CHARACTERS),
    pipelineId: info.pipeline_id || undefined,
    projectId: info.project_id,
    isProtected: git?.protected ?? undefined,
    queuedSeconds: info.time_in_queue_seconds ?? undefined,
    ...(git?.ref && git.ref.length <= MAX_PATH_CHARACTERS ? { ref: git.ref } : {}),
    projectPath: path && path.length <= MAX_PATH_CHARACTERS ? path : undefined,
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
