import {
  ALL_STACKS,
  type Certificate,
  DEFAULT_MANAGER_SIZE,
  estimateCostUsd,
  fargatePricesOf,
} from '@serverless-gitlab-runner/fleet';
import type { RunnerSettings } from '../gitlab/gitlab-admin.ts';
import { placeName } from '../gitlab/hook-place.ts';
import { OperationError } from '../operation-error.ts';
import { storedCertificates } from '../rotate/certificates.ts';
import { compareCertificates } from '../rotate/compare-certificates.ts';
import type { FleetSettings } from '../settings/deployed-settings.ts';
import type { AwsFacts, GitLabFacts } from './init-facts.ts';
import { fleetWith, type InitRequest, innerOf, runnerSettingsOf } from './init-request.ts';

/** `by hand`: the token may not do it, or there is none. */
export type InitAction = 'create' | 'change' | 'update' | 'keep' | 'by hand';

/** One part of the installation, and what is done about it. */
export interface InitStep {
  part: 'bootstrap' | 'stacks' | 'fleet' | 'authorities' | 'webhook-secret' | 'runner' | 'hook';
  action: InitAction;
  what: string;
}

export interface InitPlan {
  steps: InitStep[];
  /** All fleets after this run. */
  fleets: readonly FleetSettings[];
  /** CDK context of the deployment. */
  context: Readonly<Record<string, unknown>>;
  runner: RunnerSettings;
  runnerDescription: string;
}

/** A deployment that this version cannot repeat, because its settings are unknown. The message says what to do. */
export class UnknownSettingsError extends OperationError {
  override readonly name = 'UnknownSettingsError';
}

/**
 * Plans what is missing. What exists is kept or changed, so that a run that failed half-way can be repeated.
 * @param gitlab undefined without a token
 * @throws {UnknownSettingsError}
 */
export function planInit(request: InitRequest, aws: AwsFacts, gitlab: GitLabFacts | undefined): InitPlan {
  if (aws.settings === undefined && aws.fleets.length > 0)
    throw new UnknownSettingsError(
      `The installation in ${aws.region} was deployed by an older version or by a stack of your own, so its settings are not known here. Deploy it once as before with this version (npm run deploy), then run this again.`,
    );
  const deployed = aws.settings?.fleets ?? [];
  const before = deployed.find(({ name }) => name === request.fleet);
  const fleet = fleetWith(request, before);
  const fleets = [...deployed.filter((one) => one !== before), fleet];
  const runner = runnerSettingsOf(fleet);
  return {
    steps: [
      ...(aws.isBootstrapped
        ? []
        : [
            {
              part: 'bootstrap' as const,
              action: 'create' as const,
              what: "CDKToolkit, CDK's stack for its files",
            },
          ]),
      stacksStep(aws),
      fleetStep(fleet, before),
      ...authoritiesSteps(request, aws),
      {
        part: 'webhook-secret',
        action: aws.isWebhookSecretStored ? 'keep' : 'create',
        what: 'a secret for the webhook, in Parameter Store',
      },
      runnerStep(aws, gitlab, runner),
      ...hookSteps(gitlab),
    ],
    fleets,
    context: { ...aws.settings?.installation, ...request.settings, fleets },
    runner,
    runnerDescription: runnerDescription(request, aws),
  };
}

/** Name of the runner at GitLab, by which another run finds it. */
export function runnerDescription(
  { fleet }: Pick<InitRequest, 'fleet'>,
  { account, region }: Pick<AwsFacts, 'account' | 'region'>,
): string {
  return `serverless-gitlab-runner ${fleet} (${account}, ${region})`;
}

function stacksStep({ stacks, region }: AwsFacts): InitStep {
  const missing = ALL_STACKS.filter((name) => !stacks.includes(name));
  if (missing.length === 0)
    return { part: 'stacks', action: 'update', what: `the four stacks in ${region}, to this version` };
  return {
    part: 'stacks',
    action: 'create',
    what:
      missing.length === ALL_STACKS.length
        ? `four stacks in ${region}: network, webhook-receiver, runner-launcher, idle-reaper`
        : `in ${region}: ${missing.join(', ')}`,
  };
}

function fleetStep(fleet: FleetSettings, before: FleetSettings | undefined): InitStep {
  const same = before !== undefined && JSON.stringify(fleet) === JSON.stringify(before);
  const action = before === undefined ? 'create' : same ? 'keep' : 'change';
  return { part: 'fleet', action, what: `fleet ${fleet.name}: ${describeJobs(fleet)}` };
}

/** Nothing if the request names no authorities: what is stored stays. */
function authoritiesSteps(
  { authorities, gitlabUrl }: InitRequest,
  { certificateAuthorities }: AwsFacts,
): InitStep[] {
  if (authorities === undefined) return [];
  const changes = changesOf(authorities, certificateAuthorities);
  const isSame = changes !== undefined && changes.added.length + changes.removed.length === 0;
  const action = isSame ? 'keep' : certificateAuthorities === undefined ? 'create' : 'change';
  const names = authorities.map(({ subject }) => subject).join('; ');
  return [{ part: 'authorities', action, what: `the authorities of ${gitlabUrl}: ${names}` }];
}

/** @returns undefined if what is stored is invalid */
function changesOf(authorities: readonly Certificate[], stored: string | undefined) {
  const before = storedCertificates(stored);
  return before && compareCertificates(before, authorities);
}

/** The size and capacity of jobs that request none. */
export function sizeOf(fleet: FleetSettings) {
  const job = innerOf(fleet, 'job');
  const { cpu, memory } = innerOf(job, 'size');
  return {
    cpu: typeof cpu === 'number' ? cpu : 1024,
    memory: typeof memory === 'number' ? memory : 2048,
    architecture: job.architecture === 'ARM64' ? ('ARM64' as const) : ('X86_64' as const),
    isSpot: Array.isArray(job.capacity) && job.capacity[0] === 'FARGATE_SPOT',
  };
}

function describeJobs(fleet: FleetSettings): string {
  const { cpu, memory, architecture, isSpot } = sizeOf(fleet);
  const where = isSpot ? 'on Spot' : 'on demand';
  return `jobs get ${cpu / 1024} vCPU and ${memory / 1024} GiB (${architecture}) ${where}, unless they ask for more`;
}

function describeRunner({ tagList, runUntagged, isProtected }: RunnerSettings): string {
  const tags =
    tagList.length === 0 ? '' : ` with the tag${tagList.length === 1 ? '' : 's'} ${tagList.join(', ')}`;
  const untagged = runUntagged ? (tagList.length === 0 ? ' without tags' : ', or without tags') : '';
  return `takes jobs${tags}${untagged}${isProtected ? ' of protected branches' : ''}`;
}

function runnerStep(
  { runnerToken }: AwsFacts,
  gitlab: GitLabFacts | undefined,
  settings: RunnerSettings,
): InitStep {
  const step = (action: InitAction, who: string): InitStep => ({
    part: 'runner',
    action,
    what: `${who}: ${describeRunner(settings)}`,
  });
  if (gitlab === undefined) return step(runnerToken === 'valid' ? 'keep' : 'by hand', 'the runner');
  const { runner, runnerOwner, mayCreateRunner } = gitlab;
  const who = `runner of ${runnerOwner.kind} ${runnerOwner.path}`;
  if (runnerToken === 'valid')
    return step(runner !== undefined && differs(runner, settings, gitlab) ? 'change' : 'keep', who);
  return step(mayCreateRunner ? (runner === undefined ? 'create' : 'change') : 'by hand', who);
}

function differs(
  runner: NonNullable<GitLabFacts['runner']>,
  settings: RunnerSettings,
  gitlab: GitLabFacts,
): boolean {
  return !hasSettings(runner, settings) || unassigned(gitlab).length > 0;
}

/** Whether a runner takes the jobs that it is to take. */
export function hasSettings(runner: RunnerSettings, settings: RunnerSettings): boolean {
  return (
    runner.runUntagged === settings.runUntagged &&
    runner.isProtected === settings.isProtected &&
    [...runner.tagList].sort().join() === [...settings.tagList].sort().join()
  );
}

/** Projects to which the project's runner is not available yet. */
export function unassigned({ runner, runnerOwner, projects }: GitLabFacts) {
  if (runnerOwner.kind === 'group') return [];
  const has = new Set([runnerOwner.id, ...(runner?.projectIds ?? [])]);
  return projects.filter(({ id }) => !has.has(id));
}

function hookSteps(gitlab: GitLabFacts | undefined): InitStep[] {
  if (gitlab === undefined) return [{ part: 'hook', action: 'by hand', what: 'the webhook' }];
  return gitlab.hookPlaces.map(({ place, hook }) => ({
    part: 'hook',
    action: gitlab.mayCreateHooks ? (hook === undefined ? 'create' : 'update') : 'by hand',
    what: `webhook of ${placeName(place)}, for job events`,
  }));
}

const JOB_SECONDS = 300;
const HOUR_SECONDS = 3600;
const MANAGER = { ...DEFAULT_MANAGER_SIZE, architecture: 'X86_64', isSpot: false } as const;

/** What the fleet's jobs cost by list prices. */
export function describeCost(fleet: FleetSettings, region: string): string {
  const { prices, priceRegion } = fargatePricesOf(region);
  const usdOf = ({ isSpot, ...size }: ReturnType<typeof sizeOf>, seconds: number) =>
    estimateCostUsd({
      ...{ ...size, prices, seconds, hasPublicIp: true },
      capacityProvider: isSpot ? 'FARGATE_SPOT' : 'FARGATE',
    });
  const where = priceRegion === region ? '' : ` (prices of ${priceRegion})`;
  return `A job of 5 minutes costs about $${usdOf(sizeOf(fleet), JOB_SECONDS).toFixed(4)}${where}, and its manager, which serves many jobs, $${usdOf(MANAGER, HOUR_SECONDS).toFixed(2)} an hour while there is work. Nothing runs while nobody pushes.`;
}
