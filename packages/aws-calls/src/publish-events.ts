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

/** Some entries are not on the bus. `codes` are EventBridge's reasons. */
export class EventsNotPublishedError extends Error {
  override readonly name = 'EventsNotPublishedError';
  readonly codes: readonly string[];

  constructor(names: readonly string[], codes: readonly string[]) {
    super(
      `EventBridge did not take ${names.join(', ')} (${codes.join(', ')}): look at the bus and its permissions`,
    );
    this.codes = codes;
  }
}

export interface PublishOptions {
  timing: Timing;
  /** Milliseconds since 1970 by which the answer must be there. */
  deadlineAt: number;
}

interface Refusal {
  code: string;
  retryable: boolean;
}

type EntryOutcome = { id: string } | Refusal;

interface Attempt {
  /** Event ids by index of the entry. */
  ids: Map<number, string>;
  failures: (Refusal & { index: number })[];
}

/**
 * Puts entries on the bus; of a partly refused call only the refused ones again, with full jitter, until the deadline.
 * @returns the events' ids in the order of the entries
 * @throws {EventsNotPublishedError} when the bus refused for good or the deadline came
 */
export async function publishEvents(
  client: EventBridgeClient,
  entries: readonly EventEntry[],
  options: PublishOptions,
): Promise<string[]> {
  const ids = new Map<number, string>();
  let open = entries.map((_, index) => index);
  for (let attempt = 1; ; attempt += 1) {
    const { ids: got, failures } = await putAll(client, entries, open, options);
    for (const [index, id] of got) ids.set(index, id);
    if (failures.length === 0) return entries.map((_, index) => ids.get(index) ?? '');
    const { timing, deadlineAt } = options;
    const pause = fullJitter(attempt, timing.random(), RETRY_BASE_MS, RETRY_MAX_MS);
    if (!failures.every((failure) => failure.retryable) || timing.now() + pause >= deadlineAt) {
      throw new EventsNotPublishedError(
        failures.map(({ index }) => entries[index]?.DetailType ?? ''),
        failures.map(({ code }) => code),
      );
    }
    await timing.sleep(pause);
    open = failures.map(({ index }) => index);
  }
}

async function putAll(
  client: EventBridgeClient,
  entries: readonly EventEntry[],
  open: readonly number[],
  options: PublishOptions,
): Promise<Attempt> {
  const all: Attempt = { ids: new Map(), failures: [] };
  for (let start = 0; start < open.length; start += ENTRIES_PER_CALL) {
    const indices = open.slice(start, start + ENTRIES_PER_CALL);
    const outcomes = await put(
      client,
      indices.flatMap((index) => entries[index] ?? []),
      options,
    );
    indices.forEach((index, position) => {
      const outcome = outcomes[position] ?? { code: 'no-answer', retryable: true };
      if ('id' in outcome) all.ids.set(index, outcome.id);
      else all.failures.push({ index, ...outcome });
    });
  }
  return all;
}

/** A thrown error becomes a refusal of every entry of the call, so that there is one way to retry. */
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
