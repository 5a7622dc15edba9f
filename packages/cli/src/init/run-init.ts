import type { SSMClient } from '@aws-sdk/client-ssm';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { type AdminProject, createGitLabAdmin } from '../gitlab/gitlab-admin.ts';
import { GitLabError } from '../gitlab/gitlab-error.ts';
import { createGitLabHooks, type GitLabHooks } from '../gitlab/gitlab-hooks.ts';
import { placeName } from '../gitlab/hook-place.ts';
import { createWebhookSecret, readSecret, storeSecret } from '../secrets.ts';
import { ensureAuthorities, trustRequested } from './ensure-authorities.ts';
import type { AwsFacts, GitLabFacts, PlannedHook } from './init-facts.ts';
import type { InitRequest } from './init-request.ts';
import { hasSettings, type InitPlan, planInit, runnerDescription, unassigned } from './plan-init.ts';
import { type GitLabAdmins, type InitClients, readAwsFacts, readGitLabFacts } from './read-init-facts.ts';
import { awaitReceiver } from './test-webhook.ts';

/** Tokens for GitLab's API. */
export interface GitLabTokens {
  /** Scope `api`; or `read_api`, and then webhooks are left to be made by hand. */
  token: string;
  /** Scope `create_runner`, if `token` lacks it. */
  createRunnerToken?: string | undefined;
}

export interface InitOptions {
  request: InitRequest;
  /** Undefined: GitLab's part is left to be done by hand. */
  tokens: GitLabTokens | undefined;
  clients: InitClients;
  /** Deploys the stacks with this CDK context, and returns the receiver's URL. */
  deploy(options: DeployRequest): Promise<{ webhookUrl: string; parameterPrefix: string }>;
  /** Shows the plan and asks; false ends the run before anything is changed. */
  confirm(plan: InitPlan, aws: AwsFacts): Promise<boolean>;
  /** Prints a line of progress. */
  log(line: string): void;
  now(): number;
}

export interface DeployRequest {
  context: Readonly<Record<string, unknown>>;
  bootstrap: boolean;
}

export interface InitResult {
  fleet: string;
  /** With the fleet's name. */
  webhookUrl: string;
  /** Name of the parameter with the webhook's secret. */
  webhookSecretParameter: string;
  runnerTokenParameter: string;
  plan: InitPlan;
  /** What is left to be done by hand. */
  byHand: ('runner' | 'hook')[];
  /** The projects or the group whose webhook GitLab itself sent and saw accepted. */
  tested: string[];
  /** Those that have no job yet with which GitLab could test. */
  untested: string[];
}

/** Sets up an installation from what exists. Undefined if the plan was not confirmed. Every step may be repeated. */
export async function runInit(options: InitOptions): Promise<InitResult | undefined> {
  const { request, tokens, clients, log } = options;
  await trustRequested(request, options);
  const aws = await readAwsFacts(request, clients);
  const admins = tokens && adminsOf(request.gitlabUrl, tokens);
  const read = (webhookUrl: string | undefined) =>
    admins &&
    readGitLabFacts(request, runnerDescription(request, aws), withFleet(webhookUrl, request.fleet), admins);
  const gitlab = await read(aws.webhookUrl);
  const plan = planInit(request, aws, gitlab);
  if (!(await options.confirm(plan, aws))) return undefined;

  const { webhookUrl, parameterPrefix } = await options.deploy({
    context: plan.context,
    bootstrap: !aws.isBootstrapped,
  });
  const url = withFleet(webhookUrl, request.fleet);
  const names = parameterNames(parameterPrefix, request.fleet);
  await ensureAuthorities(clients.ssm, names.certificateAuthorities, request, plan, log);
  const secret = await ensureSecret(clients.ssm, names.webhookSecret, log);
  log('Testing the webhook …');
  await awaitReceiver(url, secret, options.now);
  log('✓ the receiver accepts webhooks');
  const result = {
    fleet: request.fleet,
    webhookUrl: url,
    webhookSecretParameter: names.webhookSecret,
    runnerTokenParameter: names.runnerToken,
    plan,
  };
  // The deployment may have changed the URL, so webhooks are looked for again.
  const now = webhookUrl === aws.webhookUrl ? gitlab : await read(webhookUrl);
  if (admins === undefined || now === undefined)
    return {
      ...result,
      byHand: aws.runnerToken === 'valid' ? ['hook'] : ['runner', 'hook'],
      tested: [],
      untested: [],
    };
  const isRunnerDone = await ensureRunner({ aws, plan, gitlab: now, admins, log }, (token) =>
    storeSecret(clients.ssm, names.runnerToken, token),
  );
  const { tested, untested } = await ensureHooks({ url, secret }, now, admins, log);
  return {
    ...result,
    byHand: [
      ...(isRunnerDone ? [] : (['runner'] as const)),
      ...(now.mayCreateHooks ? [] : (['hook'] as const)),
    ],
    tested,
    untested,
  };
}

function adminsOf(url: string, { token, createRunnerToken }: GitLabTokens): GitLabAdmins {
  const admin = createGitLabAdmin(url, token);
  return {
    admin,
    runnerAdmin: createRunnerToken === undefined ? admin : createGitLabAdmin(url, createRunnerToken),
    hooks: createGitLabHooks(url, token),
  };
}

function withFleet(webhookUrl: string, fleet: string): string;
function withFleet(webhookUrl: string | undefined, fleet: string): string | undefined;
function withFleet(webhookUrl: string | undefined, fleet: string): string | undefined {
  return webhookUrl === undefined ? undefined : `${webhookUrl}?fleet=${fleet}`;
}

async function ensureSecret(ssm: SSMClient, name: string, log: (line: string) => void): Promise<string> {
  const stored = await readSecret(ssm, name);
  if (stored !== undefined) return stored;
  const secret = createWebhookSecret();
  await storeSecret(ssm, name, secret);
  log("✓ the webhook's secret is stored");
  return secret;
}

interface RunnerContext {
  aws: AwsFacts;
  plan: InitPlan;
  gitlab: GitLabFacts;
  admins: GitLabAdmins;
  log(line: string): void;
}

/**
 * Makes sure that the runner exists with these settings, and that its token is stored. GitLab shows a token once: a runner of an
 * earlier run, whose token was not stored, gets a new one.
 * @returns false if the tokens may not do that
 */
async function ensureRunner(
  { aws, plan, gitlab, admins, log }: RunnerContext,
  store: (token: string) => Promise<void>,
): Promise<boolean> {
  const { runnerOwner: owner, runner } = gitlab;
  if (aws.runnerToken !== 'valid' && !gitlab.mayCreateRunner) return false;
  if (aws.runnerToken !== 'valid' && (runner === undefined || !gitlab.mayCreateHooks)) {
    const created = await admins.runnerAdmin.createRunner(owner, plan.runnerDescription, plan.runner);
    await store(created.token);
    log(`✓ runner ${created.id} of ${owner.kind} ${owner.path} is created, and its token stored`);
    await assign(created.id, unassigned({ ...gitlab, runner: undefined }), admins, log);
    return true;
  }
  // A token that was stored by hand may be of a runner with another name.
  if (runner === undefined) return true;
  if (aws.runnerToken !== 'valid') {
    await store(await admins.admin.resetRunnerToken(runner.id));
    log(`✓ runner ${runner.id} has a new token, which is stored`);
  }
  if (!hasSettings(runner, plan.runner)) {
    await admins.admin.changeRunner(runner.id, plan.runner);
    log(`✓ runner ${runner.id} takes jobs of the new settings`);
  }
  await assign(runner.id, unassigned(gitlab), admins, log);
  return true;
}

async function assign(
  runnerId: number,
  projects: readonly AdminProject[],
  { admin }: GitLabAdmins,
  log: (line: string) => void,
): Promise<void> {
  for (const project of projects) {
    await admin.assignRunner(runnerId, project);
    log(`✓ runner ${runnerId} is available to ${project.path}`);
  }
}

/** Makes sure that the webhooks exist with this secret, and lets GitLab test each. */
async function ensureHooks(
  { url, secret }: { url: string; secret: string },
  { hookPlaces, mayCreateHooks }: GitLabFacts,
  { hooks }: GitLabAdmins,
  log: (line: string) => void,
): Promise<Pick<InitResult, 'tested' | 'untested'>> {
  const tested: string[] = [];
  const untested: string[] = [];
  for (const { place, hook: existing } of mayCreateHooks ? hookPlaces : []) {
    if (existing !== undefined) await hooks.repair(place, existing, secret);
    const hook = existing ?? (await hooks.create(place, url, secret));
    const isTested = await testHook({ place, hook }, hooks);
    (isTested ? tested : untested).push(String(place.name));
    log(`✓ webhook of ${placeName(place)}${isTested ? ', tested by GitLab' : ''}`);
  }
  return { tested, untested };
}

/** False if GitLab cannot test: it sends its newest job, so a project needs one; and before 16.11 it has no such call. */
async function testHook(
  { place, hook }: PlannedHook & { hook: NonNullable<PlannedHook['hook']> },
  hooks: GitLabHooks,
): Promise<boolean> {
  try {
    await hooks.test(place, hook);
    return true;
  } catch (error) {
    const isUnable =
      error instanceof GitLabError && (error.kind === 'not-found' || error.message.includes('has CI jobs'));
    if (!isUnable) throw error;
    return false;
  }
}
