import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import { failureName, isRetryable } from './failure-kind.ts';
import { fullJitter, type Timing } from './timing.ts';

/** PutEvents takes at most 10 entries a call. */
const ENTRIES_PER_CALL = 10;
const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 2000;

/** Some entries were not published. `codes` are EventBridge's error codes. */
export class EventsNotPublishedError extends Error {
  override readonly name = 'EventsNotPublishedError';
  readonly codes: readonly string[];

  constructor(names: readonly string[], codes: readonly string[]) {
    super(
      `EventBridge did not accept ${names.join(', ')} (${codes.join(', ')}): check the bus and its permissions`,
    );
    this.codes = codes;
  }
}

export interface PublishOptions {
  timing: Timing;
  /** Milliseconds since 1970 by which publishing must be complete. */
  deadlineAt: number;
}

interface Refusal {
  code: string;
  retryable: boolean;
}

type EntryOutcome = { id: string } | Refusal;

/** An entry and its index among those to publish. */
interface IndexedEntry {
  entry: EventEntry;
  index: number;
}

/**
 * Publishes entries. If a call is partly refused, only the refused entries are retried, with full jitter, until the deadline.
 * @returns the events' ids in the order of the entries
 * @throws {EventsNotPublishedError} if an entry is refused permanently or the deadline passes
 */
export async function publishEvents(
  client: EventBridgeClient,
  entries: readonly EventEntry[],
  options: PublishOptions,
): Promise<string[]> {
  const ids: string[] = [];
  let remaining = entries.map((entry, index): IndexedEntry => ({ entry, index }));
  for (let attempt = 1; ; attempt += 1) {
    const failures = await putAll(client, remaining, ids, options);
    if (failures.length === 0) return ids;
    const { timing, deadlineAt } = options;
    const pause = fullJitter(attempt, timing.random(), RETRY_BASE_MS, RETRY_MAX_MS);
    if (!failures.every((failure) => failure.retryable) || timing.now() + pause >= deadlineAt) {
      throw new EventsNotPublishedError(
        failures.map(({ entry }) => entry.DetailType),
        failures.map(({ code }) => code),
      );
    }
    await timing.sleep(pause);
    remaining = failures;
  }
}

/** Publishes entries once. @param ids receives each entry's id at the entry's index. @returns the refused entries */
async function putAll(
  client: EventBridgeClient,
  remaining: readonly IndexedEntry[],
  ids: string[],
  options: PublishOptions,
): Promise<(IndexedEntry & Refusal)[]> {
  const failures: (IndexedEntry & Refusal)[] = [];
  for (let start = 0; start < remaining.length; start += ENTRIES_PER_CALL) {
    const batch = remaining.slice(start, start + ENTRIES_PER_CALL);
    const outcomes = await put(
      client,
      batch.map(({ entry }) => entry),
      options,
    );
    batch.forEach((indexed, position) => {
      const outcome = outcomes[position] ?? { code: 'no-answer', retryable: true };
      if ('id' in outcome) ids[indexed.index] = outcome.id;
      else failures.push({ ...indexed, ...outcome });
    });
  }
  return failures;
}

/** A thrown error counts as a refusal of every entry of the call, so that there is only one way to retry. */
async function put(
  client: EventBridgeClient,
  entries: EventEntry[],
  { timing, deadlineAt }: PublishOptions,
): Promise<EntryOutcome[]> {
  const abortSignal = AbortSignal.timeout(Math.max(1, deadlineAt - timing.now()));
  try {
    const answer = await client.send(new PutEventsCommand({ Entries: entries }), { abortSignal });
    return (answer.Entries ?? []).map(outcomeOf);
  } catch (error) {
    const refusal = { code: failureName(error), retryable: isRetryable(error) };
    return entries.map(() => refusal);
  }
}

function outcomeOf({ EventId: id, ErrorCode: code }: PutEventsResultEntry): EntryOutcome {
  if (code) return { code, retryable: isRetryable({ name: code }) };
  return id ? { id } : { code: 'no-event-id', retryable: true };
}
