import type { OurTasks, Serving } from '@serverless-gitlab-runner/ecs-tasks';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import { failureEvent, launchEvents } from './launch-events.ts';
import { failureOfError } from './launch-failure.ts';
import { type Group, type GroupParts, launchForGroup } from './launch-for-group.ts';
import { type LaunchFailure, type Outcome, outcomeOfFailure } from './outcome.ts';
import type { ReadFleet } from './read-fleet.ts';
import { type LaunchRequest, type Message, type ReadMessage, readMessage } from './read-messages.ts';
import type { RouteRequests } from './route-requests.ts';
import type { Settled } from './settle-messages.ts';

export interface BatchParts extends Omit<GroupParts, 'veto'> {
  eventBusName: string;
  readFleet: ReadFleet;
  /** Our tasks that are to run, of the whole cluster. */
  readWorld(): Promise<OurTasks>;
  /** Why no manager may be started for that fleet and token at all, if so. */
  veto: GroupParts['veto'];
  /** What GitLab's API says of the requests. Default: it is not asked, and the webhook's URL names the fleet. Must not throw. */
  route?: RouteRequests;
  /** Builds and publishes. Must not throw: no message comes back because nobody heard of a manager that runs. */
  publish(build: () => EventEntry[]): Promise<void>;
  log(message: string, fields: Record<string, unknown>): void;
}

/** Makes one plan for each fleet and token in a batch, carries it out, and says what becomes of each message. */
export async function processBatch(messages: readonly Message[], parts: BatchParts): Promise<Settled[]> {
  const read = messages.map((message) => readMessage(message, parts.parameterPrefix));
  const settled = read.flatMap((message) => settledUnread(message, parts));
  const asked = read.flatMap((one) => (one.kind === 'request' ? one.request : []));
  const routed = parts.route ? await parts.route(asked) : { requests: asked, settled: [] };
  settled.push(...routed.settled);
  const groups = groupRequests(routed.requests);
  if (groups.length === 0) return settled;
  const world = await readWorldOnce(parts);
  for (const { serving, requests } of groups) {
    settled.push(...(await processGroup(serving, requests, world, parts)));
  }
  return settled;
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
    const key = outcome.kind === 'done' ? outcome.because : `${outcome.kind}: ${'reason' in outcome ? outcome.reason : outcome.because}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
