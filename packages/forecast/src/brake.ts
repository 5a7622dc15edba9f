import { type Book, CLAIMS_REMEMBERED, type JobName, type JobRecord, recordOf } from './book.ts';

/** Of the last `CLAIMS_REMEMBERED` tasks started ahead for a job name, the share that must be claimed. */
export const LEAST_CLAIMED = 0.6;
/** How long a job name whose tasks are not claimed is off. */
export const OFF_MS = 24 * 3_600_000;

/** A name of which none of the remembered tasks was claimed gets no more tries than this. */
const MOST_TRIES_WITHOUT_CLAIM = 3;

/** With more misses than this among the last ten fewer than 60 % can be claimed, however the rest turn out. */
const MOST_MISSED = Math.round(CLAIMS_REMEMBERED * (1 - LEAST_CLAIMED));

/**
 * Learns whether a task that was started ahead for a job was claimed. The fifth miss among the last ten turns the name off for a
 * day, the third where none was claimed; after that day the misses still count, so that one more turns it off again, until
 * claims have pushed them out.
 */
export function learnClaim(book: Book, job: JobName, wasClaimed: boolean, now: number): void {
  const record = recordOf(book, job);
  if (record === undefined) return;
  record.claims.push(wasClaimed);
  if (record.claims.length > CLAIMS_REMEMBERED) record.claims.shift();
  const missed = record.claims.filter((claimed) => !claimed).length;
  const isHopeless = missed === record.claims.length && missed >= MOST_TRIES_WITHOUT_CLAIM;
  if (!wasClaimed && (missed > MOST_MISSED || isHopeless))
    record.offUntil = Math.max(record.offUntil, now + OFF_MS);
}

/** Whether nothing is started ahead for that job now. */
export function isOff({ offUntil }: JobRecord, now: number): boolean {
  return now < offUntil;
}
