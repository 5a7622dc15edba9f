import { Gitlab } from '@gitbeaker/rest';
import * as z from 'zod';
import { callGitLab, GITLAB_TIMEOUT_MS } from './gitlab-call.ts';
import { GitLabError } from './gitlab-error.ts';

const jobSchema = z.object({
  id: z.number(),
  status: z.string(),
  name: z.string(),
  ref: z.string(),
  tag_list: z.array(z.string()).default([]),
  created_at: z.string().optional(),
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

const hookEventSchema = z
  .object({
    /** The HTTP status of the answer, or `internal error` without one. */
    response_status: z.coerce.string(),
    created_at: z.string(),
    request_data: z.object({ build_id: z.number().optional() }).nullish().catch(undefined),
  })
  .transform(({ response_status: answer, created_at: at, request_data: data }) => ({
    answer,
    /** Milliseconds since 1970. */
    at: Date.parse(at),
    jobId: data?.build_id,
  }));

/** A webhook that GitLab sent, as its log shows it. */
export type GitLabHookEvent = z.infer<typeof hookEventSchema>;
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
  /**
   * The last 20 events of a webhook within seven days, newest first; undefined before GitLab 17.3. Needs the role of a Maintainer.
   * @see https://docs.gitlab.com/api/project_webhooks/#list-events-for-a-project-webhook
   */
  hookEvents(project: string | number, hook: number): Promise<GitLabHookEvent[] | undefined>;
}

const PAGE = { perPage: 100, maxPages: 1 } as const;
/** What a token needs to read a project's settings, too. */
const NEEDS = 'the scope read_api and the role of a Maintainer';

/** @param url of GitLab, without a path unless GitLab has one */
export function createGitLabReader(url: string, token: string): GitLabReader {
  const host = url.replace(/\/+$/, '');
  const api = new Gitlab({ host, token, queryTimeout: GITLAB_TIMEOUT_MS });
  const read = <Schema extends z.ZodType>(what: string, schema: Schema, call: () => Promise<unknown>) =>
    callGitLab({ host, what, needs: NEEDS }, schema, call);
  return {
    job: (project, id) => read(`job ${id}`, jobSchema, () => api.Jobs.show(project, id)),
    pendingJobs: (project) =>
      read('its jobs', z.array(jobSchema), () => api.Jobs.all(project, { scope: 'pending', ...PAGE })),
    runners: (project) =>
      read('its runners', z.array(runnerSchema), async () => {
        const runners = await api.Runners.all({ projectId: project, ...PAGE });
        return Promise.all(runners.map(({ id }) => api.Runners.show(id)));
      }),
    hookEvents: async (project, hook) => {
      try {
        // The library has no function for this; its requester's paths begin with `projects/`.
        return await read(`the events of webhook ${hook}`, z.array(hookEventSchema), async () => {
          const path = `${encodeURIComponent(project)}/hooks/${hook}/events`;
          return (await api.ProjectHooks.requester.get(path)).body;
        });
      } catch (error) {
        if (error instanceof GitLabError && error.kind === 'not-found') return undefined;
        throw error;
      }
    },
    hooks: (project) => read('its webhooks', z.array(hookSchema), () => api.ProjectHooks.all(project)),
  };
}
