import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { ActiveRule, Answer, Call, Rule } from '@serverless-gitlab-runner/fault-proxy';
import * as z from 'zod';

const entrySchema = z.object({
  EventBusName: z.string(),
  Source: z.string(),
  DetailType: z.string(),
  Detail: z.string(),
});
const parametersSchema = z.object({ Entries: z.array(entrySchema) });
const detailSchema = z.looseObject({ occurredAt: z.string() });

/** Events that their sender believes to be on the bus, and that are not there yet. */
export interface HeldEvents {
  entries: readonly PutEventsRequestEntry[];
  /** Resolves once so many are held. */
  until(count: number): Promise<void>;
  /** Events pass again; those held stay with the caller. */
  release(): void;
}

/** Holds the events of one caller, answered as if they were taken. */
export function holdEvents(add: (rule: Rule) => ActiveRule, caller: string): HeldEvents {
  const entries: PutEventsRequestEntry[] = [];
  const answer = ({ parameters }: Call): Answer => {
    const { Entries } = parametersSchema.parse(parameters);
    entries.push(...Entries);
    const body = {
      FailedEntryCount: 0,
      Entries: Entries.map((_, index) => ({ EventId: `held-${entries.length}-${index}` })),
    };
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    return { status: 200, headers, body: Buffer.from(JSON.stringify(body)) };
  };
  const rule = add({ match: { operation: 'PutEvents', caller }, effect: { kind: 'answer', answer } });
  return { entries, until: (count) => rule.whenMatched(count), release: () => rule.remove() };
}

/** The same event as it would be if it had waited for so long. */
export function olderBy(entry: PutEventsRequestEntry, ms: number): PutEventsRequestEntry {
  const detail = detailSchema.parse(JSON.parse(entry.Detail ?? '{}'));
  const time = new Date(Date.parse(detail.occurredAt) - ms);
  return { ...entry, Time: time, Detail: JSON.stringify({ ...detail, occurredAt: time.toISOString() }) };
}
