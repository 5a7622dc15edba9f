import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import type { MessageOutcome } from './acknowledge-messages.ts';
import { type GitLabJob, type GitLabReader, PENDING_JOBS_PER_PAGE } from './gitlab-reader.ts';
import { type GitLabAnswer, isTransient } from './gitlab-request.ts';
import { failureOfError } from './launch-failure.ts';
import type { ListFleets } from './list-fleets.ts';
import { dependsOnProtection, matchFleet, takesJob } from './match-fleet.ts';
import { type Outcome, outcomeOfFailure } from './outcome.ts';
import type { ReadFleet } from './read-fleet.ts';
import type { LaunchRequest } from './read-messages.ts';
import { remediation } from './remediation.ts';

export interface RouteDeps {
  readFleet: ReadFleet;
  listFleets: ListFleets;
  gitlab: GitLabReader;
  parameterPrefix: string;
  log(message: string, fields: Record<string, unknown>): void;
  warn(message: string, fields: Record<string, unknown>): void;
}

export interface RoutedRequests {
  /** Requests that need a manager, each with the fleet that its job belongs to. */
  requests: LaunchRequest[];
  settled: MessageOutcome[];
}

export type RouteRequests = (requests: readonly LaunchRequest[]) => Promise<RoutedRequests>;

/** The result for one request: it is routed to a fleet, or ends here. */
type Route = { fleet: string } | { outcome: Outcome };

/** Statuses that a job has only after waiting. Any other status may be a read that lags behind the webhook. */
const NO_LONGER_WAITING = new Set(['running', 'success', 'failed', 'canceling', 'canceled', 'skipped']);

/** Number of receives that are retried, about 35 s, while GitLab fails and more than one fleet could have the job. */
const RETRIED_RECEIVES = 3;

/**
 * For fleets with an API token, asks GitLab which fleet a queued job belongs to and whether it is still waiting, and, before a
 * safety launch, whether any job is waiting. If GitLab does not answer, the request stays with the fleet of the webhook's URL, so
 * that a failing API loses no job. It never throws.
 */
export async function routeRequests(
  requests: readonly LaunchRequest[],
  deps: RouteDeps,
): Promise<RoutedRequests> {
  const routes = await Promise.all(
    requests.map(async (request) => [request, await route(request, deps)] as const),
  );
  const routed: RoutedRequests = { requests: [], settled: [] };
  for (const [request, one] of routes) {
    if ('outcome' in one) routed.settled.push({ message: request.message, outcome: one.outcome });
    else routed.requests.push({ ...request, fleet: one.fleet });
  }
  return routed;
}

async function route(request: LaunchRequest, deps: RouteDeps): Promise<Route> {
  const unchanged = { fleet: request.fleet };
  const reading = await deps.readFleet(request.fleet);
  // An unreadable fleet is reported when its group is processed.
  if ('failure' in reading || reading.config.gitlabApi === undefined) return unchanged;
  if (request.gitlabJob) return routeJob(request, request.gitlabJob, reading.config, deps);
  if (request.isSafetyLaunch && request.runnerTokenParameter === undefined)
    return (await isNothingPending(reading.config, deps))
      ? { outcome: { kind: 'done', because: 'nothing-waits' } }
      : unchanged;
  return unchanged;
}

async function routeJob(
  request: LaunchRequest,
  gitlabJob: NonNullable<LaunchRequest['gitlabJob']>,
  own: FleetConfig,
  deps: RouteDeps,
): Promise<Route> {
  const others = await otherCandidates(request, own, deps);
  if ('outcome' in others) return others;
  const answer = await deps.gitlab.job(own, gitlabJob.projectId, gitlabJob.jobId);
  const job = checkedJob(answer, gitlabJob);
  if (job.kind === 'failed') {
    const retries =
      isTransient(job.why) && others.length > 0 && request.message.receiveCount <= RETRIED_RECEIVES;
    logFailure(own, job, deps, { ...gitlabJob, retries });
    return retries ? { outcome: { kind: 'retry', reason: 'gitlab-unreachable' } } : { fleet: own.name };
  }
  if (NO_LONGER_WAITING.has(job.value.status)) {
    deps.log('job no longer waiting', { fleet: own.name, ...gitlabJob, status: job.value.status });
    return { outcome: { kind: 'done', because: 'job-not-waiting' } };
  }
  // A runner token from the webhook belongs to another runner than the one that the fleet's document describes.
  if (request.runnerTokenParameter !== undefined) return { fleet: own.name };
  const { tag_list: tagList } = job.value;
  const refProtection = dependsOnProtection(tagList, own, others)
    ? await deps.gitlab.refProtection(own, job.value)
    : 'unknown';
  const fleet = matchFleet({ tagList, refProtection }, own, others);
  if (fleet === undefined) {
    deps.log('no fleet takes the job', { fleet: own.name, ...gitlabJob, tagList, refProtection });
    return { outcome: { kind: 'done', because: 'no-fleet-takes-it' } };
  }
  if (fleet !== own.name)
    deps.log('job routed to another fleet', { fleet, webhookFleet: own.name, ...gitlabJob, tagList });
  return { fleet };
}

/** Other fleets that may have a job of this fleet's webhook: fleets of the same GitLab whose document describes their runner. */
async function otherCandidates(
  { runnerTokenParameter }: LaunchRequest,
  own: FleetConfig,
  { listFleets, warn }: RouteDeps,
): Promise<FleetConfig[] | { outcome: Outcome }> {
  if (own.runner === undefined || runnerTokenParameter !== undefined) return [];
  try {
    const fleets = await listFleets();
    return fleets.filter(
      ({ name, runner, gitlabUrl }) =>
        name !== own.name && runner !== undefined && sameUrl(gitlabUrl, own.gitlabUrl),
    );
  } catch (error) {
    // Continuing without them could route the job to a fleet that does not take it.
    const failure = failureOfError(error);
    warn('fleets not listed', { fleet: own.name, failure });
    return { outcome: outcomeOfFailure(failure) };
  }
}

function sameUrl(one: string, other: string): boolean {
  const bare = (url: string) => new URL(url).href.replace(/\/+$/, '');
  return bare(one) === bare(other);
}

/** A webhook of another GitLab may name ids that exist here too, so the job must belong to the webhook's pipeline. */
function checkedJob(
  answer: GitLabAnswer<GitLabJob>,
  { projectId, pipelineId, jobId }: NonNullable<LaunchRequest['gitlabJob']>,
): GitLabAnswer<GitLabJob> {
  if (answer.kind === 'failed') return answer;
  const { id, pipeline } = answer.value;
  if (id === jobId && pipeline.id === pipelineId && pipeline.project_id === projectId) return answer;
  return { kind: 'failed', why: 'unreadable', detail: 'it is not the job that the webhook named' };
}

/** Whether GitLab reports, for every project of the fleet, no pending job that the fleet's runner may take. */
async function isNothingPending(fleet: FleetConfig, deps: RouteDeps): Promise<boolean> {
  const projects = fleet.gitlabApi?.projects ?? [];
  for (const project of projects) {
    const answer = await deps.gitlab.pendingJobs(fleet, project);
    if (answer.kind === 'failed') {
      logFailure(fleet, answer, deps, { project });
      return false;
    }
    // A full page may be followed by another one.
    if (answer.value.length >= PENDING_JOBS_PER_PAGE || answer.value.some((job) => mayTake(fleet, job)))
      return false;
  }
  if (projects.length > 0) deps.log('no job waiting', { fleet: fleet.name, projects });
  return projects.length > 0;
}

function mayTake({ runner }: FleetConfig, { tag_list: tagList }: GitLabJob): boolean {
  return runner === undefined || takesJob(runner, { tagList, refProtection: 'unknown' }) !== 'no';
}

function logFailure(
  { name: fleet, gitlabUrl }: FleetConfig,
  { why, detail }: Extract<GitLabAnswer<unknown>, { kind: 'failed' }>,
  { warn, parameterPrefix }: RouteDeps,
  about: Record<string, unknown>,
): void {
  const todo = remediation(why, parameterPrefix, fleet);
  warn('GitLab’s API did not answer', { fleet, gitlabUrl, why, detail, todo, ...about });
}
