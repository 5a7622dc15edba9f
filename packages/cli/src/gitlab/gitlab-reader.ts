import { GitbeakerRequestError, Gitlab } from '@gitbeaker/rest';
import * as z from 'zod';
import { GitLabError } from './gitlab-error.ts';

const jobSchema = z.object({
  id: z.number(),
  status: z.string(),
  name: z.string(),
  ref: z.string(),
  tag_list: z.array(z.string()).default([]),
  runner: z.object({ id: z.number(), description: z.string().nullish() }).nullish(),
});
const runnerSchema = z.object({
  id: z.number(),
  description: z.string().nullish(),
  paused: z.boolean(),
  tag_list: z.array(z.string()).nullish(),
  run_untagged: z.boolean(),
  access_level: z.string(),
});
export const hookSchema = z.object({
  id: z.number(),
  url: z.string(),
  job_events: z.boolean(),
  /** Since GitLab 15.0. */
  alert_status: z.string().optional(),
  disabled_until: z.string().nullish(),
});

/** A job in GitLab. */
export type GitLabJob = z.infer<typeof jobSchema>;
/** A runner of a project. */
export type GitLabRunner = z.infer<typeof runnerSchema>;
/** A webhook of a project. */
export type GitLabHook = z.infer<typeof hookSchema>;

/** Reads one GitLab with a token. A project is named by its id or its path. Every function throws {GitLabError}. */
export interface GitLabReader {
  job(project: string | number, id: number): Promise<GitLabJob>;
  /** Jobs that wait for a runner, newest first; at most 100. */
  pendingJobs(project: string | number): Promise<GitLabJob[]>;
  /** Needs the role of a Maintainer. At most 100. */
  runners(project: string | number): Promise<GitLabRunner[]>;
  /** Needs the role of a Maintainer. */
  hooks(project: string | number): Promise<GitLabHook[]>;
}

const PAGE = { perPage: 100, maxPages: 1 } as const;
const TIMEOUT_MS = 20_000;

/** @param url of GitLab, without a path unless GitLab has one */
export function createGitLabReader(url: string, token: string): GitLabReader {
  const host = url.replace(/\/+$/, '');
  const api = new Gitlab({ host, token, queryTimeout: TIMEOUT_MS });
  const read = async <Schema extends z.ZodType>(
    what: string,
    schema: Schema,
    call: () => Promise<unknown>,
  ): Promise<z.infer<Schema>> => {
    try {
      return schema.parse(await call());
    } catch (error) {
      throw explainGitLabError(error, host, what, 'read_api');
    }
  };
  return {
    job: (project, id) => read(`job ${id}`, jobSchema, () => api.Jobs.show(project, id)),
    pendingJobs: (project) =>
      read('its jobs', z.array(jobSchema), () => api.Jobs.all(project, { scope: 'pending', ...PAGE })),
    runners: (project) =>
      read('its runners', z.array(runnerSchema), async () => {
        const runners = await api.Runners.all({ projectId: project, ...PAGE });
        return Promise.all(runners.map(({ id }) => api.Runners.show(id)));
      }),
    hooks: (project) => read('its webhooks', z.array(hookSchema), () => api.ProjectHooks.all(project)),
  };
}

/**
 * @param what was read or changed, such as `its runners`
 * @param scope that the token needs
 */
export function explainGitLabError(
  error: unknown,
  host: string,
  what: string,
  scope: 'api' | 'read_api',
): GitLabError {
  const status = error instanceof GitbeakerRequestError ? error.cause?.response.status : undefined;
  if (status === 401)
    return new GitLabError('refused', `${host} refuses GITLAB_TOKEN: create a token with the scope ${scope}`);
  if (status === 403)
    return new GitLabError(
      'refused',
      `${host} does not show ${what}: GITLAB_TOKEN needs the scope ${scope} and the role of a Maintainer`,
    );
  if (status === 404)
    return new GitLabError(
      'not-found',
      `${host} knows no such project or job, or does not show ${what} to GITLAB_TOKEN`,
    );
  const reason = error instanceof Error ? error.message : String(error);
  return new GitLabError('unreachable', `${host} could not be asked for ${what}: ${reason}`);
}
