import { SHARED_STACK } from '@serverless-gitlab-runner/fleet';
import type { HookPlace } from '../gitlab/hook-place.ts';
import { knownPlaces } from '../known-projects.ts';
import { cacheBuckets } from './buckets.ts';
import { cdkBundles, cdkImages } from './cdk-assets.ts';
import type { DestroyClients } from './destroy-clients.ts';
import { type GitLabPlaces, runners, webhooks } from './gitlab-records.ts';
import { logGroups } from './log-groups.ts';
import { parameters } from './parameters.ts';
import { type DestroyFacts, RECEIVER_STACK } from './read-facts.ts';
import { registryLogins } from './registry-logins.ts';
import type { ResourceKind } from './resource-kind.ts';
import { taskDefinitions } from './task-definitions.ts';

export interface RemovalOptions {
  keepCache: boolean;
  keepLogs: boolean;
  /** Where webhooks are besides the projects that sent some lately. */
  places: readonly HookPlace[];
  gitlabToken: string | undefined;
  log(line: string): void;
}

/** What is removed besides the stacks, by the moment: each is removed while what names it still exists. */
export interface Removals {
  /** Just before a stack. */
  beforeStack: ReadonlyMap<string, readonly ResourceKind[]>;
  /** When no task runs any more. */
  whenIdle: readonly ResourceKind[];
  /** After the stacks: what names alone identify. Also what an interrupted removal left. */
  afterStacks: readonly ResourceKind[];
}

export function planRemovals(
  clients: DestroyClients,
  facts: DestroyFacts,
  options: RemovalOptions,
): Removals {
  const { parameterPrefix, stacks, webhookUrl } = facts;
  const { ssm, secrets, s3, ecr, ecs, logs } = clients;
  const { keepCache, keepLogs, gitlabToken: token, log } = options;
  const beforeStack = new Map<string, ResourceKind[]>();
  for (const [stack, { bundles }] of stacks) beforeStack.set(stack, [cdkBundles(s3, bundles)]);
  if (token !== undefined && webhookUrl !== undefined)
    beforeStack
      .get(RECEIVER_STACK)
      ?.push(webhooks({ gitlabs: gitlabPlaces(facts, options.places), token, webhookUrl, warn: log }));
  const caches = keepCache ? [] : [cacheBuckets(s3, facts.buckets, log)];
  const images = stacks.get(SHARED_STACK)?.images ?? [];
  beforeStack
    .get(SHARED_STACK)
    ?.push(
      cdkImages(ecr, images),
      parameters(ssm, parameterPrefix, facts.stackParameters),
      registryLogins(secrets, parameterPrefix),
    );
  return {
    beforeStack,
    whenIdle: [runners(ssm, facts.fleets, parameterPrefix, log)],
    afterStacks: [
      ...caches,
      parameters(ssm, parameterPrefix, facts.stackParameters),
      registryLogins(secrets, parameterPrefix),
      taskDefinitions(ecs),
      ...(keepLogs ? [] : [logGroups(logs, parameterPrefix)]),
    ],
  };
}

/** The fleets' GitLab instances, each with the projects that are known, and the places that the user names. */
export function gitlabPlaces(
  { fleets, projects }: Pick<DestroyFacts, 'fleets' | 'projects'>,
  given: readonly HookPlace[],
): GitLabPlaces[] {
  const valid = fleets.flatMap((fleet) => ('config' in fleet ? [fleet] : []));
  return [...Map.groupBy(valid, ({ config }) => config.gitlabUrl)].map(([gitlabUrl, own]) => ({
    gitlabUrl,
    places: knownPlaces(own, projects, given),
  }));
}
