import type { OurTasks, Serving } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import { endExhausted } from './exhausted-receives.ts';
import { tooLate } from './fill-slot.ts';
import { failureEvent, launchEvents } from './launch-events.ts';
import { failureOfError } from './launch-failure.ts';
import { type Group, type GroupParts, launchForGroup } from './launch-for-group.ts';
import { type LaunchFailure, type Outcome, outcomeOfFailure, type RetryReason } from './outcome.ts';
import type { ReadFleet } from './read-fleet.ts';
import { type LaunchRequest, type Message, type ReadMessage, readMessage } from './read-messages.ts';
import type { RouteRequests } from './route-requests.ts';
import type { Settled } from './settle-messages.ts';

export interface BatchParts extends GroupParts {
  eventBusName: string;
  readFleet: ReadFleet;
  /** Our tasks that are to run, of the whole cluster. */
  readWorld(): Promise<OurTasks>;
  /** Settles when the batch has to be answered: a fleet that AWS has not answered for by then comes back. Default: never. */
  timeUp?: Promise<unknown>;
  /** The queue's `maxReceiveCount`. Default: no end. */
  maxReceives?: number;
  /** What GitLab's API says of the requests. Default: it is not asked, and the webhook's URL names the fleet. Must not throw. */
  route?: RouteRequests;
  /** Builds and publishes. Must not throw: no message comes back because nobody heard of a manager that runs. */
  publish(build: () => EventEntry[]): Promise<void>;
  log(message: string, fields: Record<string, unknown>): void;
}

/** Makes one plan for each fleet and token in a batch, carries it out, and says what becomes of each message. */
export async function processBatch(messages: readonly Message[], parts: BatchParts): Promise<Settled[]> {
  const read = messages.map((message) => readMessage(message, parts.parameterPrefix));
  const asked = read.flatMap((one) => (one.kind === 'request' ? one.request : []));
  const routed = parts.route ? await parts.route(asked) : { requests: asked, settled: [] };
  const ofFleets = await processFleets(routed.requests, parts);
  const settled = [
    ...read.flatMap((message) => settledUnread(message, parts)),
    ...routed.settled,
    ...ofFleets,
  ];
  return endAllExhausted(settled, asked, parts);
}

/** Fleets side by side: none waits for another's. The tokens of one share its maximum, and take turns. */
async function processFleets(requests: readonly LaunchRequest[], parts: BatchParts): Promise<Settled[]> {
  const fleets = Map.groupBy(groupRequests(requests), ({ serving }) => serving.fleet);
  if (fleets.size === 0) return [];
  const world = readWorldOnce(parts);
  const settled = [...fleets.values()].map((groups) => processInTime(groups, world, parts));
  return (await Promise.all(settled)).flat();
}

type RequestGroup = ReturnType<typeof groupRequests>[number];

/** What AWS does not answer in time is left to itself and comes back: whatever was begun has its token, or is a mark. */
async function processInTime(
  groups: readonly RequestGroup[],
  world: Promise<OurTasks | LaunchFailure>,
  parts: BatchParts,
): Promise<Settled[]> {
  const done = new Map<RequestGroup, Settled[]>();
  const work = async () => {
    for (const group of groups)
      done.set(group, await processGroup(group.serving, group.requests, await world, parts));
  };
  await (parts.timeUp ? Promise.race([work(), parts.timeUp]) : work());
  return groups.flatMap((group) => {
    const settled = done.get(group);
    if (settled) return settled;
    parts.log('launch abandoned', { ...group.serving, requests: group.requests.length });
    return group.requests.map(({ message }) => ({ message, outcome: outcomeOfFailure(tooLate) }));
  });
}

/** Ends what the queue would end at the next receive, and tells of it. */
async function endAllExhausted(
  settled: readonly Settled[],
  asked: readonly LaunchRequest[],
  { maxReceives = Infinity, publish, eventBusName, timing }: BatchParts,
): Promise<Settled[]> {
  const ended = settled.map((one) => endExhausted(one, maxReceives));
  const requests = new Map(asked.map((request) => [request.message, request]));
  const entries = ended.flatMap(({ message, outcome }) => {
    const request = requests.get(message);
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

function settledUnread(read: ReadMessage, { log }: BatchParts): Settled[] {
  if (read.kind === 'request') return [];
  const { message } = read;
  if (read.kind === 'not-ours') return [{ message, outcome: { kind: 'done', because: 'not-ours' } }];
  log('message unreadable', { messageId: message.messageId, problem: read.problem });
  return [{ message, outcome: { kind: 'give-up', reason: 'unreadable', message: read.problem } }];
}

/** By fleet and runner token, oldest request first. */
function groupRequests(requests: readonly LaunchRequest[]) {
  const groups = new Map<string, { serving: Serving; requests: LaunchRequest[] }>();
  const byAge = requests.toSorted((one, other) => one.requestedAt - other.requestedAt);
  for (const request of byAge) {
    const { fleet, runnerTokenParameter } = request;
    const key = `${fleet} ${runnerTokenParameter ?? ''}`;
    const group = groups.get(key) ?? { serving: { fleet, runnerTokenParameter }, requests: [] };
    group.requests.push(request);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function readWorldOnce({ readWorld, seen }: BatchParts): Promise<OurTasks | LaunchFailure> {
  try {
    const world = await readWorld();
    seen.see(world.jobTasks);
    return world;
  } catch (error) {
    return failureOfError(error);
  }
}

async function processGroup(
  serving: Serving,
  requests: readonly LaunchRequest[],
  world: OurTasks | LaunchFailure,
  parts: BatchParts,
): Promise<Settled[]> {
  const fleet = await parts.readFleet(serving.fleet);
  if ('failure' in fleet) return failGroup(serving, requests, fleet.failure, parts);
  if ('reason' in world) return failGroup(serving, requests, world, parts);
  const group: Group = { serving, config: fleet.config, requests };
  const result = await launchForGroup(group, world, parts);
  parts.log('launch planned', {
    ...serving,
    requests: requests.length,
    launched: result.launched.map(({ manager }) => manager.taskId),
    outcomes: countKinds(result.outcomes.values()),
    failure: result.failure,
  });
  await parts.publish(() => launchEvents(parts.eventBusName, group, result, parts.timing.now()));
  return requests.map(({ message, eventId }) => ({ message, outcome: outcomeOf(result.outcomes, eventId) }));
}

async function failGroup(
  serving: Serving,
  requests: readonly LaunchRequest[],
  failure: LaunchFailure,
  parts: BatchParts,
): Promise<Settled[]> {
  parts.log('launch failed', { ...serving, requests: requests.length, failure });
  const causeEventId = requests[0]?.eventId ?? '';
  await parts.publish(() => [
    failureEvent(parts.eventBusName, serving.fleet, failure, causeEventId, parts.timing.now()),
  ]);
  return requests.map(({ message }) => ({ message, outcome: outcomeOfFailure(failure) }));
}

/** A request that no plan mentions would be lost silently: it comes back instead. */
function outcomeOf(outcomes: ReadonlyMap<string, Outcome>, eventId: string): Outcome {
  return outcomes.get(eventId) ?? { kind: 'retry', reason: 'unknown' };
}

function countKinds(outcomes: Iterable<Outcome>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const key =
      outcome.kind === 'done'
        ? outcome.because
        : `${outcome.kind}: ${'reason' in outcome ? outcome.reason : outcome.because}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
