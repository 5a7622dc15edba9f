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

/** Events that their sender believes to be on the bus, but that were not delivered yet. */
export interface HeldEvents {
  entries: readonly PutEventsRequestEntry[];
  /** Resolves once `count` calls are held. */
  until(count: number): Promise<void>;
  /** Lets further events pass. The held ones are not sent. */
  release(): void;
}

/** Holds the events of one caller, and answers as if they had been accepted. */
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

/** Returns the event as if it had been sent earlier by `ms` milliseconds. */
export function olderBy(entry: PutEventsRequestEntry, ms: number): PutEventsRequestEntry {
  const detail = detailSchema.parse(JSON.parse(entry.Detail ?? '{}'));
  const time = new Date(Date.parse(detail.occurredAt) - ms);
  return { ...entry, Time: time, Detail: JSON.stringify({ ...detail, occurredAt: time.toISOString() }) };
}
