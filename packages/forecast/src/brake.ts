import { type Book, CLAIMS_REMEMBERED, type JobName, type JobRecord, recordOf } from './book.ts';

/** The share of the last `CLAIMS_REMEMBERED` tasks started ahead for a job name that must be claimed. */
export const MIN_CLAIM_RATE = 0.6;
/** How long a job name is turned off when its tasks are not claimed. */
export const OFF_MS = 24 * 3_600_000;

/** A name without any claim among the remembered tasks gets at most this many attempts. */
const MAX_ATTEMPTS_WITHOUT_CLAIM = 3;

/** With more unclaimed tasks than this among the last ten, fewer than 60 % can be claimed, whatever happens to the rest. */
const MAX_UNCLAIMED = Math.round(CLAIMS_REMEMBERED * (1 - MIN_CLAIM_RATE));

/**
 * Records whether a task that was started ahead for a job was claimed. The fifth unclaimed task among the last ten turns the name
 * off for a day; so does the third if none was claimed. After that day, the unclaimed tasks still count, so one more turns the
 * name off again, until claims have displaced them.
 */
export function learnClaim(book: Book, job: JobName, wasClaimed: boolean, now: number): void {
  const record = recordOf(book, job);
  if (record === undefined) return;
  record.claims.push(wasClaimed);
  if (record.claims.length > CLAIMS_REMEMBERED) record.claims.shift();
  const unclaimed = record.claims.filter((claimed) => !claimed).length;
  const isNeverClaimed = unclaimed === record.claims.length && unclaimed >= MAX_ATTEMPTS_WITHOUT_CLAIM;
  if (!wasClaimed && (unclaimed > MAX_UNCLAIMED || isNeverClaimed))
    record.offUntil = Math.max(record.offUntil, now + OFF_MS);
}

/** Whether the brake has turned off starting tasks ahead for this job. */
export function isOff({ offUntil }: JobRecord, now: number): boolean {
  return now < offUntil;
}
