import { buildEntry, type EventEntry } from '@serverless-gitlab-runner/shared-events';
import type { Group, GroupResult } from './group-outcomes.ts';
import type { LaunchFailure } from './outcome.ts';

/** The events that report the result of a group. */
export function launchEvents(
  bus: string,
  { runnerQueue, requests }: Group,
  { launched, failure }: GroupResult,
  now: number,
): EventEntry[] {
  const causeEventId = requests[0]?.eventId ?? '';
  const occurredAt = new Date(now).toISOString();
  const entries = launched.map(({ manager, capacityProvider }) =>
    buildEntry(bus, 'ManagerLaunched', {
      ...runnerQueue,
      occurredAt,
      managerTaskArn: manager.taskArn,
      capacityProvider,
      causeEventId,
    }),
  );
  if (failure) entries.push(failureEvent(bus, runnerQueue.fleet, failure, causeEventId, now));
  return entries;
}

/** The event that reports why no manager could be started. */
export function failureEvent(
  bus: string,
  fleet: string,
  { reason, message, permanent }: LaunchFailure,
  causeEventId: string,
  now: number,
): EventEntry {
  const occurredAt = new Date(now).toISOString();
  return buildEntry(bus, 'ManagerLaunchFailed', {
    fleet,
    occurredAt,
    reason,
    message,
    final: permanent,
    causeEventId,
  });
}
