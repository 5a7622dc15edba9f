import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import type { MessageOutcome } from './acknowledge-messages.ts';
import { type GitLabJob, type GitLabReader, PENDING_JOBS_PER_PAGE } from './gitlab-reader.ts';
import { type GitLabAnswer, isPassing } from './gitlab-request.ts';
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
  /** Those that want a manager, each with the fleet that its job belongs to. */
  requests: LaunchRequest[];
  settled: MessageOutcome[];
}

export type RouteRequests = (requests: readonly LaunchRequest[]) => Promise<RoutedRequests>;

/** What becomes of one request: it goes on to a fleet, or ends here. */
type Route = { fleet: string } | { outcome: Outcome };

/** Statuses that a job has only after it waited; any other may be a read that lags behind the webhook. */
const WAITED = new Set(['running', 'success', 'failed', 'canceling', 'canceled', 'skipped']);

/** Times a message comes back while GitLab fails and more than one fleet could have its job: about 35 s. */
const PATIENT_RECEIVES = 3;

/**
 * Asks GitLab, for fleets that have an API token, which fleet a queued job belongs to and whether it waits still, and before a
 * safety launch whether anything waits. What GitLab does not answer counts for the fleet that the webhook's URL names: no job
 * is lost for want of an API. It never throws.
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
  // A fleet that cannot be read fails with its group, in words.
  if ('failure' in reading || reading.config.gitlabApi === undefined) return unchanged;
  if (request.gitlabJob) return routeJob(request, request.gitlabJob, reading.config, deps);
  if (request.isSafetyLaunch && request.runnerTokenParameter === undefined)
    return (await nothingWaits(reading.config, deps))
      ? { outcome: { kind: 'done', because: 'nothing-waits' } }
      : unchanged;
  return unchanged;
}

async function routeJob(
  request: LaunchRequest,
  wanted: NonNullable<LaunchRequest['gitlabJob']>,
  own: FleetConfig,
  deps: RouteDeps,
): Promise<Route> {
  const others = await othersOf(request, own, deps);
  if ('outcome' in others) return others;
  const answer = await deps.gitlab.job(own, wanted.projectId, wanted.jobId);
  const job = checkedJob(answer, wanted);
  if (job.kind === 'failed') {
    const patient =
      isPassing(job.why) && others.length > 0 && request.message.receiveCount <= PATIENT_RECEIVES;
    tellFailure(own, job, deps, { ...wanted, triedAgain: patient });
    return patient ? { outcome: { kind: 'retry', reason: 'gitlab-unreachable' } } : { fleet: own.name };
  }
  if (WAITED.has(job.value.status)) {
    deps.log('job waits no more', { fleet: own.name, ...wanted, status: job.value.status });
    return { outcome: { kind: 'done', because: 'job-not-waiting' } };
  }
  // A runner token that the webhook brought is another runner than the one the fleet's document describes.
  if (request.runnerTokenParameter !== undefined) return { fleet: own.name };
  const { tag_list: tagList } = job.value;
  const refProtection = dependsOnProtection(tagList, own, others)
    ? await deps.gitlab.refProtection(own, job.value)
    : 'unknown';
  const fleet = matchFleet({ tagList, refProtection }, own, others);
  if (fleet === undefined) {
    deps.log('job of no fleet', { fleet: own.name, ...wanted, tagList, refProtection });
    return { outcome: { kind: 'done', because: 'no-fleet-takes-it' } };
  }
  if (fleet !== own.name)
    deps.log('job of another fleet', { fleet, webhookFleet: own.name, ...wanted, tagList });
  return { fleet };
}

/** The other fleets that may have a job of this one's webhook: those of the same GitLab that say what their runner takes. */
async function othersOf(
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
    // To go on without them could give the job to a fleet that does not take it.
    const failure = failureOfError(error);
    warn('fleets not listed', { fleet: own.name, failure });
    return { outcome: outcomeOfFailure(failure) };
  }
}

function sameUrl(one: string, other: string): boolean {
  const bare = (url: string) => new URL(url).href.replace(/\/+$/, '');
  return bare(one) === bare(other);
}

/** A webhook of another GitLab may name a job that this one has too: it must be of the pipeline that the webhook told of. */
function checkedJob(
  answer: GitLabAnswer<GitLabJob>,
  { projectId, pipelineId, jobId }: NonNullable<LaunchRequest['gitlabJob']>,
): GitLabAnswer<GitLabJob> {
  if (answer.kind === 'failed') return answer;
  const { id, pipeline } = answer.value;
  if (id === jobId && pipeline.id === pipelineId && pipeline.project_id === projectId) return answer;
  return { kind: 'failed', why: 'unreadable', detail: 'it is another job than the one the webhook told of' };
}

/** Whether GitLab says, for every project of the fleet, that no job waits which the fleet's runner takes. */
async function nothingWaits(fleet: FleetConfig, deps: RouteDeps): Promise<boolean> {
  const projects = fleet.gitlabApi?.projects ?? [];
  for (const project of projects) {
    const answer = await deps.gitlab.pendingJobs(fleet, project);
    if (answer.kind === 'failed') {
      tellFailure(fleet, answer, deps, { project });
      return false;
    }
    // A full page may have a next one.
    if (answer.value.length >= PENDING_JOBS_PER_PAGE || answer.value.some((job) => mayTake(fleet, job)))
      return false;
  }
  if (projects.length > 0) deps.log('no job waits', { fleet: fleet.name, projects });
  return projects.length > 0;
}

function mayTake({ runner }: FleetConfig, { tag_list: tagList }: GitLabJob): boolean {
  return runner === undefined || takesJob(runner, { tagList, refProtection: 'unknown' }) !== 'no';
}

function tellFailure(
  { name: fleet, gitlabUrl }: FleetConfig,
  { why, detail }: Extract<GitLabAnswer<unknown>, { kind: 'failed' }>,
  { warn, parameterPrefix }: RouteDeps,
  about: Record<string, unknown>,
): void {
  const todo = remediation(why, parameterPrefix, fleet);
  warn('GitLab’s API did not answer', { fleet, gitlabUrl, why, detail, todo, ...about });
}
