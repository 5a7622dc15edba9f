import type { ManagedTasks, RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import type { MessageOutcome } from './acknowledge-messages.ts';
import { endExhausted } from './exhausted-receives.ts';
import { deadlineExceeded } from './fill-slot.ts';
import type { Group } from './group-outcomes.ts';
import { failureEvent, launchEvents } from './launch-events.ts';
import { failureOfError } from './launch-failure.ts';
import { type GroupDeps, launchForGroup } from './launch-for-group.ts';
import { type LaunchFailure, type Outcome, outcomeOfFailure, type RetryReason } from './outcome.ts';
import type { ReadFleet } from './read-fleet.ts';
import { type LaunchRequest, type Message, type ReadMessage, readMessage } from './read-messages.ts';
import type { RouteRequests } from './route-requests.ts';

export interface BatchDeps extends GroupDeps {
  eventBusName: string;
  readFleet: ReadFleet;
  /** Reads all managed tasks of the cluster whose desired status is RUNNING. */
  readClusterState(): Promise<ManagedTasks>;
  /** Settles when the batch must be answered. Messages of fleets that still wait for AWS then come back. Default: never. */
  timeUp?: Promise<unknown>;
  /** The queue's `maxReceiveCount`. Default: unlimited. */
  maxReceives?: number;
  /** Routes requests by GitLab's API. Default: GitLab is not asked, and the webhook's URL names the fleet. Must not throw. */
  route?: RouteRequests;
  /** Builds and publishes events. Must not throw: an unpublished event is no reason for a message to come back. */
  publish(build: () => EventEntry[]): Promise<void>;
  /** @param level default `info` */
  log(message: string, fields: Record<string, unknown>, level?: 'info' | 'warn'): void;
}

/** Plans for each fleet and token of a batch, executes the plans, and returns the outcome of each message. */
export async function processBatch(messages: readonly Message[], deps: BatchDeps): Promise<MessageOutcome[]> {
  const read = messages.map((message) => readMessage(message, deps.parameterPrefix));
  const requests = read.flatMap((one) => (one.kind === 'request' ? one.request : []));
  const routed = deps.route ? await deps.route(requests) : { requests, settled: [] };
  const planned = await processFleets(routed.requests, deps);
  const settled = [
    ...read.flatMap((message) => settledWithoutPlan(message, deps)),
    ...routed.settled,
    ...planned,
  ];
  const ended = await endAllExhausted(settled, requests, deps);
  logDecisions(ended, [...requests, ...routed.requests], deps);
  return ended;
}

/** Logs one line with the outcome of each job. The command line's `sgr why` reads it. */
function logDecisions(
  outcomes: readonly MessageOutcome[],
  requests: readonly LaunchRequest[],
  { log }: BatchDeps,
): void {
  // A routed request comes after the one with its webhook's fleet, and replaces it.
  const byMessage = new Map(requests.map((request) => [request.message, request]));
  const jobs = outcomes.flatMap(({ message, outcome }) => {
    const { jobId, fleet, eventId } = byMessage.get(message) ?? {};
    return jobId === undefined ? [] : { jobId, fleet, eventId, outcome: nameOf(outcome) };
  });
  if (jobs.length > 0) log('jobs decided', { jobs });
}

/** Processes fleets concurrently. The tokens of one fleet share its maximum, so they are processed one after the other. */
async function processFleets(requests: readonly LaunchRequest[], deps: BatchDeps): Promise<MessageOutcome[]> {
  const fleets = Map.groupBy(groupRequests(requests), ({ runnerQueue }) => runnerQueue.fleet);
  if (fleets.size === 0) return [];
  const clusterState = readClusterStateOnce(deps);
  const settled = [...fleets.values()].map((groups) => processInTime(groups, clusterState, deps));
  return (await Promise.all(settled)).flat();
}

type RequestGroup = ReturnType<typeof groupRequests>[number];

/**
 * Processes the groups of one fleet until time is up. Messages of unfinished groups come back. Abandoned calls do no harm: a
 * launch has its client token, and a mark may be written twice.
 */
async function processInTime(
  groups: readonly RequestGroup[],
  clusterState: Promise<ManagedTasks | LaunchFailure>,
  deps: BatchDeps,
): Promise<MessageOutcome[]> {
  const done = new Map<RequestGroup, MessageOutcome[]>();
  const work = async () => {
    for (const group of groups)
      done.set(group, await processGroup(group.runnerQueue, group.requests, await clusterState, deps));
  };
  await (deps.timeUp ? Promise.race([work(), deps.timeUp]) : work());
  return groups.flatMap((group) => {
    const settled = done.get(group);
    if (settled) return settled;
    deps.log('launch abandoned', { ...group.runnerQueue, requests: group.requests.length }, 'warn');
    return group.requests.map(({ message }) => ({ message, outcome: outcomeOfFailure(deadlineExceeded) }));
  });
}

/** Ends messages that the queue would end at their next receive, and publishes the reason. */
async function endAllExhausted(
  settled: readonly MessageOutcome[],
  requests: readonly LaunchRequest[],
  { maxReceives = Infinity, publish, eventBusName, timing }: BatchDeps,
): Promise<MessageOutcome[]> {
  const ended = settled.map((one) => endExhausted(one, maxReceives));
  const byMessage = new Map(requests.map((request) => [request.message, request]));
  const entries = ended.flatMap(({ message, outcome }) => {
    const request = byMessage.get(message);
    if (request === undefined || outcome.kind !== 'give-up' || outcome.reason !== 'receives-exhausted')
      return [];
    const failure = { reason: eventReasonOf(outcome.last), message: outcome.message, permanent: true };
    return failureEvent(eventBusName, request.fleet, failure, request.eventId, timing.now());
  });
  if (entries.length > 0) await publish(() => entries);
  return ended;
}

function eventReasonOf(reason: RetryReason): LaunchFailure['reason'] {
  if (reason === 'at-maximum') return 'no-capacity';
  return reason === 'gitlab-unreachable' ? 'unknown' : reason;
}

function settledWithoutPlan(read: ReadMessage, { log }: BatchDeps): MessageOutcome[] {
  if (read.kind === 'request') return [];
  const { message } = read;
  if (read.kind === 'irrelevant-event')
    return [{ message, outcome: { kind: 'done', because: 'irrelevant-event' } }];
  log('message unreadable', { messageId: message.messageId, problem: read.problem }, 'warn');
  return [{ message, outcome: { kind: 'give-up', reason: 'unreadable', message: read.problem } }];
}

/** Groups requests by fleet and runner token, oldest request first. */
function groupRequests(requests: readonly LaunchRequest[]) {
  const groups = new Map<string, { runnerQueue: RunnerQueue; requests: LaunchRequest[] }>();
  const byAge = requests.toSorted((one, other) => one.requestedAt - other.requestedAt);
  for (const request of byAge) {
    const { fleet, runnerTokenParameter } = request;
    const key = `${fleet} ${runnerTokenParameter ?? ''}`;
    const group = groups.get(key) ?? { runnerQueue: { fleet, runnerTokenParameter }, requests: [] };
    group.requests.push(request);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function readClusterStateOnce({
  readClusterState,
  startedJobs,
}: BatchDeps): Promise<ManagedTasks | LaunchFailure> {
  try {
    const clusterState = await readClusterState();
    startedJobs.add(clusterState.jobTasks);
    return clusterState;
  } catch (error) {
    return failureOfError(error);
  }
}

async function processGroup(
  runnerQueue: RunnerQueue,
  requests: readonly LaunchRequest[],
  clusterState: ManagedTasks | LaunchFailure,
  deps: BatchDeps,
): Promise<MessageOutcome[]> {
  const fleet = await deps.readFleet(runnerQueue.fleet);
  if ('failure' in fleet) return failGroup(runnerQueue, requests, fleet.failure, deps);
  if ('reason' in clusterState) return failGroup(runnerQueue, requests, clusterState, deps);
  const group: Group = { runnerQueue, config: fleet.config, requests };
  const result = await launchForGroup(group, clusterState, deps);
  const { outcomes, launched, failure } = result;
  deps.log(
    'launch planned',
    {
      ...runnerQueue,
      causeEventId: requests[0]?.eventId,
      requests: requests.length,
      launches: launched.length,
      launched: launched.map(({ manager }) => manager.taskId),
      outcomes: countKinds(outcomes.values()),
      failure,
      ...waitOf(requests, (eventId) => outcomeOf(outcomes, eventId), deps.timing.now()),
    },
    failure ? 'warn' : 'info',
  );
  await deps.publish(() => launchEvents(deps.eventBusName, group, result, deps.timing.now()));
  return requests.map(({ message, eventId }) => ({ message, outcome: outcomeOf(outcomes, eventId) }));
}

async function failGroup(
  runnerQueue: RunnerQueue,
  requests: readonly LaunchRequest[],
  failure: LaunchFailure,
  deps: BatchDeps,
): Promise<MessageOutcome[]> {
  const causeEventId = requests[0]?.eventId ?? '';
  const outcome = outcomeOfFailure(failure);
  const wait = waitOf(requests, () => outcome, deps.timing.now());
  deps.log(
    'launch failed',
    { ...runnerQueue, causeEventId, requests: requests.length, failure, ...wait },
    'warn',
  );
  await deps.publish(() => [
    failureEvent(deps.eventBusName, runnerQueue.fleet, failure, causeEventId, deps.timing.now()),
  ]);
  return requests.map(({ message }) => ({ message, outcome }));
}

/** Log fields: how many requests stay in the queue, why (one reason for all of a plan's), and since when the oldest does. */
function waitOf(
  requests: readonly LaunchRequest[],
  outcomeFor: (eventId: string) => Outcome,
  now: number,
): { waiting: number; waitingBecause?: RetryReason; longestWaitSeconds?: number } {
  const waits = requests.flatMap(({ eventId, requestedAt }) => {
    const outcome = outcomeFor(eventId);
    return outcome.kind === 'retry' ? { requestedAt, reason: outcome.reason } : [];
  });
  const [oldest] = waits.toSorted((one, other) => one.requestedAt - other.requestedAt);
  if (oldest === undefined) return { waiting: 0 };
  const longestWaitSeconds = Math.max(0, Math.round((now - oldest.requestedAt) / 1000));
  return { waiting: waits.length, waitingBecause: oldest.reason, longestWaitSeconds };
}

/** A request that no plan mentions comes back: otherwise it would be lost silently. */
function outcomeOf(outcomes: ReadonlyMap<string, Outcome>, eventId: string): Outcome {
  return outcomes.get(eventId) ?? { kind: 'retry', reason: 'unknown' };
}

function countKinds(outcomes: Iterable<Outcome>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const name = nameOf(outcome);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** A short name of an outcome, such as `job-runs` or `retry: at-maximum`. */
function nameOf(outcome: Outcome): string {
  if (outcome.kind === 'done') return outcome.because;
  return `${outcome.kind}: ${'reason' in outcome ? outcome.reason : outcome.because}`;
}
