import { Gitlab } from '@gitbeaker/rest';
import * as z from 'zod';
import { callGitLab, GITLAB_TIMEOUT_MS, MAY_CHANGE } from './gitlab-call.ts';

const projectSchema = z
  .object({ id: z.number(), path_with_namespace: z.string(), archived: z.boolean().optional() })
  .transform(({ id, path_with_namespace: path, archived = false }) => ({ id, path, archived }));
const groupSchema = z
  .object({ id: z.number(), full_path: z.string() })
  .transform(({ id, full_path: path }) => ({ id, path }));
const runnerSchema = z
  .object({
    id: z.number(),
    description: z.string().nullish(),
    tag_list: z.array(z.string()).nullish(),
    run_untagged: z.boolean(),
    access_level: z.string(),
    paused: z.boolean(),
    projects: z.array(z.object({ id: z.number() })).nullish(),
  })
  .transform((runner) => ({
    id: runner.id,
    description: runner.description ?? '',
    tagList: runner.tag_list ?? [],
    runUntagged: runner.run_untagged,
    isProtected: runner.access_level === 'ref_protected',
    paused: runner.paused,
    projectIds: (runner.projects ?? []).map(({ id }) => id),
  }));
const createdRunnerSchema = z.object({ id: z.number(), token: z.string() });

/** Ids are GitLab's; paths include the namespace. */
export type AdminProject = z.infer<typeof projectSchema>;
export type AdminGroup = z.infer<typeof groupSchema>;
export type AdminRunner = z.infer<typeof runnerSchema>;

/** Whose runner it is. */
export type Owner = { kind: 'project' | 'group'; id: number };

/** Which jobs a runner takes. */
export interface RunnerSettings {
  tagList: readonly string[];
  runUntagged: boolean;
  /** Whether it takes jobs of protected branches and tags only. */
  isProtected: boolean;
}

/** Sets up runners of one GitLab with a token. Every function throws {GitLabError}. */
export interface GitLabAdmin {
  /** Scopes of the token. */
  scopes(): Promise<string[]>;
  project(path: string | number): Promise<AdminProject>;
  group(path: string | number): Promise<AdminGroup>;
  /** Also of subgroups; without archived ones. */
  projectsOf(group: AdminGroup): Promise<AdminProject[]>;
  /** The owner's own runners that have this description. */
  runnersNamed(owner: Owner, description: string): Promise<AdminRunner[]>;
  createRunner(
    owner: Owner,
    description: string,
    settings: RunnerSettings,
  ): Promise<{ id: number; token: string }>;
  changeRunner(id: number, settings: RunnerSettings): Promise<void>;
  /** A paused runner takes no jobs. */
  pauseRunner(id: number, paused: boolean): Promise<void>;
  /** Replaces a runner's token, and returns the new one. */
  resetRunnerToken(id: number): Promise<string>;
  /** Makes a project's runner available to another project. */
  assignRunner(runnerId: number, project: AdminProject): Promise<void>;
}

const CREATE_RUNNER = 'the scope api or create_runner, and the role of a Maintainer (for a group: Owner)';

/** @param url of GitLab, without a path unless GitLab has one */
export function createGitLabAdmin(url: string, token: string): GitLabAdmin {
  const host = url.replace(/\/+$/, '');
  const api = new Gitlab({ host, token, queryTimeout: GITLAB_TIMEOUT_MS });
  const ask = <Schema extends z.ZodType>(
    what: string,
    schema: Schema,
    call: () => Promise<unknown>,
    needs = MAY_CHANGE,
  ) => callGitLab({ host, what, needs }, schema, call);
  const done = z.unknown();
  return {
    scopes: async () => {
      const schema = z.object({ scopes: z.array(z.string()) });
      return (await ask('the scopes of the token', schema, () => api.PersonalAccessTokens.show())).scopes;
    },
    project: (path) => ask(`the project ${path}`, projectSchema, () => api.Projects.show(path)),
    group: (path) => ask(`the group ${path}`, groupSchema, () => api.Groups.show(path)),
    projectsOf: ({ id, path }) =>
      ask(`the projects of ${path}`, z.array(projectSchema), () =>
        api.Groups.allProjects(id, { includeSubgroups: true, archived: false, perPage: 100 }),
      ),
    runnersNamed: async ({ kind, id }, description) => {
      const owner = kind === 'project' ? { projectId: id } : { groupId: id };
      const type = kind === 'project' ? 'project_type' : 'group_type';
      const named = z.array(z.object({ id: z.number(), description: z.string().nullish() }));
      const runners = await ask('the runners', named, () =>
        api.Runners.all({ ...owner, type, perPage: 100 }),
      );
      return Promise.all(
        runners
          .filter((runner) => runner.description === description)
          .map((runner) => ask(`runner ${runner.id}`, runnerSchema, () => api.Runners.show(runner.id))),
      );
    },
    createRunner: ({ kind, id }, description, { tagList, runUntagged, isProtected }) =>
      ask(
        'a new runner',
        createdRunnerSchema,
        () =>
          api.Users.createCIRunner(kind === 'project' ? 'project_type' : 'group_type', {
            ...(kind === 'project' ? { projectId: id } : { groupId: id }),
            description,
            tagList: [...tagList],
            runUntagged,
            accessLevel: isProtected ? 'ref_protected' : 'not_protected',
          }),
        CREATE_RUNNER,
      ),
    changeRunner: (id, { tagList, runUntagged, isProtected }) =>
      ask(`a change of runner ${id}`, done, () =>
        api.Runners.edit(id, {
          tagList: [...tagList],
          runUntagged,
          accessLevel: isProtected ? 'ref_protected' : 'not_protected',
        }),
      ).then(() => undefined),
    pauseRunner: (id, paused) =>
      ask(`a change of runner ${id}`, done, () => api.Runners.edit(id, { paused })).then(() => undefined),
    resetRunnerToken: async (id) => {
      const schema = z.object({ token: z.string() });
      // The library's function of this purpose calls a route that GitLab does not have.
      return (
        await ask(`a new token of runner ${id}`, schema, async () => {
          const { body } = await api.Runners.requester.post(`runners/${id}/reset_authentication_token`);
          return body;
        })
      ).token;
    },
    assignRunner: (runnerId, { id, path }) =>
      ask(`runner ${runnerId} to ${path}`, done, () => api.Runners.enable(id, runnerId)).then(
        () => undefined,
      ),
  };
}
