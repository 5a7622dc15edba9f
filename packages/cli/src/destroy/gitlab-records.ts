import type { SSMClient } from '@aws-sdk/client-ssm';
import { type ListedFleet, parameterNames } from '@serverless-gitlab-runner/fleet';
import { findHooks } from '../gitlab/find-hooks.ts';
import { unlessRefused } from '../gitlab/gitlab-error.ts';
import { createGitLabHooks } from '../gitlab/gitlab-hooks.ts';
import type { GitLabHook } from '../gitlab/gitlab-reader.ts';
import { type HookPlace, placeName } from '../gitlab/hook-place.ts';
import { createRunnerTokens } from '../gitlab/runner-token.ts';
import { readSecret } from '../secrets.ts';
import type { ResourceKind } from './resource-kind.ts';

/** A GitLab instance, and where in it webhooks of this installation may be. */
export interface GitLabPlaces {
  gitlabUrl: string;
  places: readonly HookPlace[];
}

export interface HookSearch {
  gitlabs: readonly GitLabPlaces[];
  token: string;
  /** The installation's. */
  webhookUrl: string;
  /** Called with what could not be read or changed. */
  warn(problem: string): void;
}

/** Webhooks whose URL is the installation's. */
export function webhooks({ gitlabs, token, webhookUrl, warn }: HookSearch): ResourceKind {
  const found = new Map<string, () => Promise<void>>();
  return {
    what: 'webhooks at GitLab',
    async list() {
      found.clear();
      for (const { gitlabUrl, places } of gitlabs) {
        const api = createGitLabHooks(gitlabUrl, token);
        for (const { place, hook } of await findHooks(api, places, webhookUrl, warn))
          found.set(hookName(gitlabUrl, place, hook), () => api.remove(place, hook));
      }
      return [...found.keys()];
    },
    async remove(names) {
      const remaining: string[] = [];
      for (const name of names) {
        const removed = await unlessRefused(async () => {
          await found.get(name)?.();
          return true;
        }, warn);
        if (!removed) remaining.push(name);
      }
      return remaining;
    },
  };
}

function hookName(gitlabUrl: string, place: HookPlace, { id }: GitLabHook): string {
  return `${gitlabUrl.replace(/\/$/, '')}: webhook ${id} of ${placeName(place)}`;
}

/** The runners of the fleets' own tokens, which allow to delete them. Runners of tokens that webhooks sent are other people's. */
export function runners(
  ssm: SSMClient,
  fleets: readonly ListedFleet[],
  prefix: string,
  warn: (problem: string) => void,
): ResourceKind {
  const removable = fleets.flatMap((fleet) => {
    const parameter = parameterNames(prefix, fleet.name).runnerToken;
    if (!('config' in fleet) || !fleet.otherParameters.has(parameter)) return [];
    const { gitlabUrl } = fleet.config;
    return { name: `${gitlabUrl}: the runner of fleet ${fleet.name}`, gitlabUrl, parameter };
  });
  return {
    what: 'runners at GitLab, with their records of managers',
    list: async () => removable.map(({ name }) => name),
    async remove(names) {
      const remaining: string[] = [];
      for (const { name, gitlabUrl, parameter } of removable.filter((one) => names.includes(one.name))) {
        const token = await readSecret(ssm, parameter);
        const removed =
          token !== undefined &&
          (await unlessRefused(() => createRunnerTokens(gitlabUrl).removeRunner(token), warn));
        if (removed) continue;
        remaining.push(name);
        if (removed === false)
          warn(`${name} could not be deleted: GitLab refuses its token. If it exists, delete it there.`);
      }
      return remaining;
    },
  };
}
