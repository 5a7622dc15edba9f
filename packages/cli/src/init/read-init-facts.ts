import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describeStack, isUsable, outputsOf } from '@serverless-gitlab-runner/aws/stacks';
import {
  ALL_STACKS,
  DEFAULT_PARAMETER_PREFIX,
  parameterNames,
  SHARED_STACK,
  serviceStack,
} from '@serverless-gitlab-runner/fleet';
import type { Clients } from '../clients.ts';
import { readFleets } from '../fleets.ts';
import type { GitLabAdmin, Owner } from '../gitlab/gitlab-admin.ts';
import { GitLabError } from '../gitlab/gitlab-error.ts';
import type { GitLabHooks } from '../gitlab/gitlab-hooks.ts';
import type { HookPlace } from '../gitlab/hook-place.ts';
import { createRunnerTokens } from '../gitlab/runner-token.ts';
import { trustAuthoritiesOf } from '../gitlab/trust-authorities.ts';
import { readSecret } from '../secrets.ts';
import { readDeployedSettings } from '../settings/deployed-settings.ts';
import type { AwsFacts, GitLabFacts, PlannedHook } from './init-facts.ts';
import type { InitRequest } from './init-request.ts';

/** What `sgr init` itself asks of AWS. */
export type InitClients = Pick<Clients, 'cloudFormation' | 'ssm' | 'sts'>;

export async function readAwsFacts(request: InitRequest, clients: InitClients): Promise<AwsFacts> {
  const { cloudFormation, ssm, sts } = clients;
  const [identity, region, toolkit, ...stacks] = await Promise.all([
    sts.send(new GetCallerIdentityCommand()),
    cloudFormation.config.region(),
    describeStack(cloudFormation, 'CDKToolkit'),
    ...ALL_STACKS.map((name) => describeStack(cloudFormation, name)),
  ]);
  const output = (stackName: string, key: string) =>
    outputsOf(stacks.find((stack) => stack?.StackName === stackName)).get(key);
  const parameterPrefix = output(SHARED_STACK, 'ParameterPrefix') ?? prefixOf(request.settings);
  const names = parameterNames(parameterPrefix, request.fleet);
  const [fleets, settings, webhookSecret, runnerToken] = await Promise.all([
    readFleets(ssm, parameterPrefix),
    readDeployedSettings(ssm, parameterPrefix),
    readSecret(ssm, names.webhookSecret),
    readSecret(ssm, names.runnerToken),
  ]);
  trustAuthoritiesOf(fleets);
  return {
    account: identity.Account ?? '',
    region,
    isBootstrapped: isUsable(toolkit),
    stacks: stacks.flatMap((stack) => (isUsable(stack) ? [stack?.StackName ?? ''] : [])),
    settings,
    fleets: fleets.map(({ name }) => name),
    certificateAuthorities: fleets.find(({ name }) => name === request.fleet)?.certificateAuthorities,
    parameterPrefix,
    webhookUrl: output(serviceStack('webhook-receiver'), 'WebhookUrl'),
    isWebhookSecretStored: webhookSecret !== undefined,
    runnerToken:
      runnerToken === undefined
        ? 'missing'
        : (await createRunnerTokens(request.gitlabUrl).idOf(runnerToken)) === undefined
          ? 'refused'
          : 'valid',
  };
}

function prefixOf({ parameterPrefix }: InitRequest['settings']): string {
  return typeof parameterPrefix === 'string' ? parameterPrefix : DEFAULT_PARAMETER_PREFIX;
}

export interface GitLabAdmins {
  /** With the token for everything but creating runners. */
  admin: GitLabAdmin;
  /** With the token that creates runners; the same unless there are two. */
  runnerAdmin: GitLabAdmin;
  hooks: GitLabHooks;
}

/** @throws {GitLabError} if the project or group does not exist, or the token may not read it */
export async function readGitLabFacts(
  { target }: InitRequest,
  runnerDescription: string,
  webhookUrlWithFleet: string | undefined,
  { admin, runnerAdmin, hooks }: GitLabAdmins,
): Promise<GitLabFacts> {
  const [scopes, runnerScopes] = await Promise.all([admin.scopes(), runnerAdmin.scopes()]);
  const { projects, owner } = await readTarget(target, admin);
  const runners = await admin.runnersNamed(owner, runnerDescription);
  const mayCreateHooks = scopes.includes('api');
  return {
    runnerOwner: owner,
    projects,
    runner: runners.sort((one, other) => other.id - one.id)[0],
    mayCreateRunner: runnerScopes.includes('api') || runnerScopes.includes('create_runner'),
    mayCreateHooks,
    hookPlaces: mayCreateHooks
      ? await readHooks(owner, projects, webhookUrlWithFleet, hooks)
      : projects.map(({ path }) => ({ place: { kind: 'project', name: path }, hook: undefined })),
  };
}

async function readTarget(target: InitRequest['target'], admin: GitLabAdmin) {
  if (target.kind === 'group') {
    const group = await admin.group(target.path);
    const projects = (await admin.projectsOf(group)).filter(({ archived }) => !archived);
    return { projects, owner: { kind: 'group' as const, ...group } };
  }
  const projects = await Promise.all(target.paths.map((path) => admin.project(path)));
  const [first] = projects;
  if (first === undefined) throw new GitLabError('not-found', 'No project is named');
  return { projects, owner: { kind: 'project' as const, id: first.id, path: first.path } };
}

/** A group has one webhook where GitLab's plan allows it; else each of its projects has one. */
async function readHooks(
  owner: Owner & { path: string },
  projects: readonly { path: string }[],
  url: string | undefined,
  hooks: GitLabHooks,
): Promise<PlannedHook[]> {
  const withHook = async (place: HookPlace): Promise<PlannedHook> => ({
    place,
    hook: (await hooks.list(place)).find((hook) => hook.url === url),
  });
  if (owner.kind === 'group') {
    try {
      return [await withHook({ kind: 'group', name: owner.path })];
    } catch (error) {
      if (!(error instanceof GitLabError) || error.kind === 'unreachable') throw error;
    }
  }
  return Promise.all(projects.map(({ path }) => withHook({ kind: 'project', name: path })));
}
