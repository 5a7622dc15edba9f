/** Where things are on the time line. Pure; times are milliseconds since 1970. */

/** @typedef {import('../src/ui/snapshot.ts').JobRow} JobRow */
/** @typedef {import('../src/ui/snapshot.ts').JobTimes} JobTimes */
/** @typedef {import('../src/ui/snapshot.ts').ManagerRow} ManagerRow */

/** @typedef {{ from: number, to: number }} Span the time that is shown, or a part of it */
/** @typedef {'ahead' | 'queued' | 'starting' | 'pull' | 'running' | 'draining'} Phase */
/** @typedef {Span & { phase: Phase }} Segment */
/** @typedef {{ left: number, width: number }} Place in percent of the track */

/**
 * The phases of a job, one after the other and without gaps. Clocks of GitLab's webhook, ECS and managers differ a little, so a
 * phase that would begin before the one in front of it begins with it.
 * @param {Pick<JobRow, 'state'> & JobTimes} job
 * @param {number} now
 * @returns {Segment[]}
 */
export function jobSegments(job, now) {
  const { queuedAt, requestedAt, pullStartedAt, pullStoppedAt, startedAt } = job;
  const isAhead = requestedAt !== undefined && requestedAt < (queuedAt ?? (job.state === 'ahead' ? now : 0));
  /** @type {Mark[]} */
  const marks = isAhead
    ? [
        ['ahead', requestedAt],
        ['queued', queuedAt],
        ['running', startedAt],
      ]
    : [
        ['queued', queuedAt],
        ['starting', requestedAt],
        ['pull', pullStartedAt],
        ['starting', pullStoppedAt],
        ['running', startedAt],
      ];
  return segmentsOf(marks, endOf(job, now));
}

/**
 * @param {Pick<JobRow, 'state' | 'endedAt'> & JobTimes} job
 * @param {number} now
 */
function endOf({ state, endedAt, startedAt, queuedAt }, now) {
  // How it went on is not known, so nothing is drawn beyond what is.
  if (state === 'unclear') return endedAt ?? startedAt ?? queuedAt ?? now;
  return endedAt ?? now;
}

/**
 * @param {Pick<ManagerRow, 'requestedAt' | 'startedAt' | 'drainAt' | 'endedAt'>} manager
 * @param {number} now
 * @returns {Segment[]}
 */
export function managerSegments({ requestedAt, startedAt, drainAt, endedAt }, now) {
  return segmentsOf(
    [
      ['starting', requestedAt],
      ['running', startedAt],
      ['draining', drainAt],
    ],
    endedAt ?? now,
  );
}

/** @typedef {[Phase, number | undefined]} Mark a phase, and when it begins */

/**
 * @param {readonly Mark[]} marks
 * @param {number} end
 * @returns {Segment[]}
 */
function segmentsOf(marks, end) {
  /** @type {Segment[]} */
  const segments = [];
  for (const [phase, at] of marks) {
    if (at === undefined) continue;
    const last = segments.at(-1);
    const from = Math.min(Math.max(at, last?.from ?? at), end);
    if (last) last.to = from;
    segments.push({ phase, from, to: end });
  }
  return segments;
}

/**
 * Where a span is on the track; undefined if it is outside. Something that has just begun has a place without width.
 * @param {Span} span
 * @param {Span} shown
 * @returns {Place | undefined}
 */
export function placeOf({ from, to }, shown) {
  if (to < shown.from || from > shown.to) return undefined;
  const left = percent(Math.max(from, shown.from), shown);
  return { left, width: percent(Math.min(to, shown.to), shown) - left };
}

/**
 * @param {number} at
 * @param {Span} shown
 */
function percent(at, { from, to }) {
  return to > from ? ((at - from) / (to - from)) * 100 : 0;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Distances of ticks. */
const STEPS = [
  ...[10 * SECOND, 30 * SECOND],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * HOUR),
];

/**
 * Round times on the time line, at most `max`.
 * @param {Span} shown
 * @param {number} max
 * @param {number} offset milliseconds that local time is ahead of UTC, so that hours are round in local time
 * @returns {number[]}
 */
export function ticksOf(shown, max, offset) {
  const length = shown.to - shown.from;
  const step = STEPS.find((one) => length / one <= max) ?? Math.ceil(length / max / (24 * HOUR)) * 24 * HOUR;
  const first = Math.ceil((shown.from + offset) / step) * step - offset;
  const number = Math.max(0, Math.floor((shown.to - first) / step) + 1);
  return Array.from({ length: number }, (_, index) => first + index * step).slice(-max);
}

/**
 * Puts spans into as few lanes as possible, so that none overlaps another in its lane.
 * @template {Span} Item
 * @param {readonly Item[]} items
 * @returns {Item[][]}
 */
export function lanesOf(items) {
  /** @type {Item[][]} */
  const lanes = [];
  for (const item of items.toSorted((one, other) => one.from - other.from || one.to - other.to)) {
    const free = lanes.find((lane) => /** @type {Item} */ (lane.at(-1)).to <= item.from);
    if (free) free.push(item);
    else lanes.push([item]);
  }
  return lanes;
}

/** Jobs that the time line shows at first. */
const FIRST_JOBS = 10;

/**
 * The shortest of some ranges in which the newest jobs began.
 * @param {readonly JobTimes[]} jobs
 * @param {number} now
 * @param {readonly number[]} ranges milliseconds, the shortest first; at least one
 */
export function fittingRange(jobs, now, ranges) {
  const ages = jobs
    .map(({ queuedAt, requestedAt, startedAt }) => now - (queuedAt ?? requestedAt ?? startedAt ?? now))
    .sort((one, other) => one - other)
    .slice(0, FIRST_JOBS);
  const needed = ages.at(-1) ?? 0;
  return /** @type {number} */ (ranges.find((range) => range >= needed) ?? ranges.at(-1));
}
