/** What the page says of a job. Pure. */
import { duration, usd } from './format.js';

/** @typedef {import('../src/ui/snapshot.ts').JobRow} JobRow */
/** @typedef {import('./timeline.js').Segment} Segment */

/** @type {Readonly<Record<JobRow['state'], string>>} */
const STATES = {
  queued: 'waits',
  ahead: 'ready ahead',
  starting: 'starts',
  running: 'runs',
  ended: 'ended',
  unclear: 'unclear',
};

/** @type {Readonly<Record<NonNullable<JobRow['outcome']>, string>>} */
const OUTCOMES = { completed: 'done', 'start-failed': 'did not start', lost: 'task lost' };

/** @param {JobRow} job */
export function titleOf({ name, jobId }) {
  return name ?? (jobId === undefined ? 'Started ahead' : `Job ${jobId}`);
}

/** @param {JobRow} job */
export function placeWords({ project, ref, fleet }) {
  return [project, ref].filter(Boolean).join(' · ') || `fleet ${fleet ?? 'unknown'}`;
}

/**
 * What it does, and for how long.
 * @param {JobRow} job
 * @param {number} now
 */
export function stateWords(job, now) {
  const since = {
    queued: job.queuedAt,
    ahead: job.requestedAt,
    starting: job.requestedAt,
    running: job.startedAt,
  };
  if (job.state === 'ended') return job.outcome ? OUTCOMES[job.outcome] : STATES.ended;
  if (job.state === 'unclear') return STATES.unclear;
  const at = since[job.state];
  return at === undefined ? STATES[job.state] : `${STATES[job.state]} ${duration(now - at)}`;
}

/**
 * How long it waited and ran, and what it cost, as far as that is over.
 * @param {JobRow} job
 */
export function measureWords({ queuedAt, startedAt, endedAt, costUsd }) {
  const waited =
    queuedAt !== undefined && startedAt !== undefined ? Math.max(0, startedAt - queuedAt) : undefined;
  const ran = startedAt !== undefined && endedAt !== undefined ? endedAt - startedAt : undefined;
  return [
    waited === undefined ? '' : `waited ${duration(waited)}`,
    ran === undefined ? '' : `ran ${duration(ran)}`,
    costUsd === undefined ? '' : usd(costUsd),
  ].filter(Boolean);
}

/** Whether it needs attention. @param {JobRow} job */
export function isTrouble({ outcome }) {
  return outcome === 'start-failed' || outcome === 'lost';
}

/**
 * Whether a job has all words of a search in what is shown of it.
 * @param {JobRow} job
 * @param {string} search
 */
export function matches(job, search) {
  const text = [titleOf(job), job.jobId, job.project, job.ref, job.fleet, job.taskId, STATES[job.state]]
    .join(' ')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** @type {Readonly<Record<Segment['phase'], string>>} */
export const PHASES = {
  ahead: 'ready ahead',
  queued: 'queued',
  starting: 'starting',
  pull: 'pulling images',
  running: 'running',
  draining: 'draining',
};

/**
 * How long each phase took, a phase that came twice once.
 * @param {readonly Segment[]} segments
 */
export function phaseSums(segments) {
  /** @type {Map<Segment['phase'], number>} */
  const sums = new Map();
  for (const { phase, from, to } of segments) sums.set(phase, (sums.get(phase) ?? 0) + to - from);
  return [...sums];
}
