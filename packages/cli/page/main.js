/**
 * The page of `sgr ui`: reads snapshots from its server while it is visible, and draws them. A saved page (`sgr ui --save`) has one
 * in itself, and asks nobody.
 */

import { drawJobs, focusRow, moveFocus, neighbour } from './draw-jobs.js';
import { drawCosts, drawFleets, drawManagers, drawTiles, drawWarnings } from './draw-overview.js';
import { byId, element, setText } from './element.js';
import { duration } from './format.js';
import { drawJob } from './job-dialog.js';
import { fittingRange, placeOf, ticksOf } from './timeline.js';
import { legendItems } from './track.js';

/** @typedef {import('../src/ui/snapshot.ts').Snapshot} Snapshot */
/** @typedef {import('../src/ui/saved-page.ts').Saved} Saved */
/** @typedef {import('./job-dialog.js').Answer} Answer */
/** @typedef {import('./timeline.js').Span} Span */

const MINUTE = 60_000;
/** Lengths of the time line that can be chosen. */
const RANGES = [5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 6 * 60 * MINUTE, 24 * 60 * MINUTE];
const RANGE_KEY = 'sgr-ui-range';
/** Without a word for that long, what is shown may be old: the server reads every five seconds. */
const STALE_MS = 20_000;
const REDRAW_MS = 1000;
const RECONNECT_MS = 3000;
/** Least distance of ticks, and the width of a tick's label. */
const TICK_PX = 60;
const LABEL_PX = 44;

/** Only in a saved page. @type {Saved | undefined} */
const saved = readSaved();

/** What the page knows. */
const state = {
  /** @type {Snapshot | undefined} */
  snapshot: undefined,
  /** When it arrived, by this machine's clock. */
  arrivedAt: 0,
  /** @type {EventSource | undefined} */
  events: undefined,
  isConnected: false,
  /** Milliseconds that the time line shows; 0 until it is known. */
  range: 0,
  /** Of the opened job. @type {string | undefined} */
  opened: undefined,
  /** @type {Answer | undefined} */
  answer: undefined,
};

const filter = /** @type {HTMLInputElement} */ (byId('filter'));
const dialog = /** @type {HTMLDialogElement} */ (byId('job'));

/** @returns {Saved | undefined} */
function readSaved() {
  const text = document.getElementById('saved')?.textContent;
  return text ? JSON.parse(text) : undefined;
}

/**
 * The range that was chosen before, or else one that shows something.
 * @param {Snapshot} snapshot
 * @param {readonly number[]} offered
 */
function firstRange({ jobs, at }, offered) {
  // Where a saved page is shown may allow no storage.
  const stored = saved ? 0 : Number(localStorage.getItem(RANGE_KEY));
  return offered.includes(stored) ? stored : fittingRange(jobs, at, offered);
}

/** The time now by the clock that read the snapshot. */
function now() {
  if (saved) return saved.snapshot.at;
  return state.snapshot ? state.snapshot.at + Date.now() - state.arrivedAt : Date.now();
}

/** @returns {Span} */
function shown() {
  const to = now();
  return { from: to - state.range, to };
}

/** A page that nobody sees costs no calls to AWS. */
function connect() {
  if (document.hidden) {
    state.events?.close();
    state.events = undefined;
    state.isConnected = false;
    return drawLive();
  }
  if (state.events) return;
  const events = new EventSource('events');
  state.events = events;
  events.addEventListener('open', () => {
    state.isConnected = true;
    drawLive();
  });
  events.addEventListener('error', () => {
    state.isConnected = false;
    drawLive();
    // The browser itself tries again, except after an answer that is no stream.
    if (events.readyState !== EventSource.CLOSED) return;
    state.events = undefined;
    setTimeout(connect, RECONNECT_MS);
  });
  events.addEventListener('snapshot', ({ data }) => {
    state.snapshot = JSON.parse(data);
    state.arrivedAt = Date.now();
    showProblem(undefined);
    draw();
    void askWhy();
  });
  events.addEventListener('problem', ({ data }) => showProblem(JSON.parse(data)));
}

/** @param {string | undefined} message */
function showProblem(message) {
  const line = byId('problem');
  line.hidden = message === undefined;
  setText(line, message ?? '');
}

function draw() {
  const { snapshot } = state;
  if (!snapshot) return;
  setText(byId('region'), snapshot.region);
  drawTiles(snapshot);
  drawWarnings(snapshot);
  drawFleets(snapshot);
  drawCosts(snapshot);
  drawRanges(snapshot);
  drawTime();
  drawOpened();
}

/** What moves with time. */
function drawTime() {
  drawLive();
  const { snapshot } = state;
  if (!snapshot) return;
  const span = shown();
  drawAxis(span);
  drawManagers(snapshot, span);
  drawJobs(snapshot, { shown: span, search: filter.value.trim(), onOpen: openJob });
}

function drawLive() {
  if (saved) {
    byId('live').dataset.state = 'saved';
    return setText(byId('live-text'), `saved on ${new Date(saved.snapshot.at).toLocaleString()}`);
  }
  const { snapshot, isConnected, arrivedAt } = state;
  const age = Date.now() - arrivedAt;
  const isStale = snapshot !== undefined && age > STALE_MS;
  const live = byId('live');
  live.dataset.state =
    isConnected && snapshot && !isStale
      ? 'live'
      : state.events && !isConnected && snapshot
        ? 'lost'
        : 'waiting';
  const read = snapshot ? `read ${duration(age)} ago` : 'reading AWS …';
  setText(
    byId('live-text'),
    live.dataset.state === 'lost' ? `no connection: does sgr ui still run? ${read}` : read,
  );
}

/** @param {Span} span */
function drawAxis(span) {
  const track = /** @type {HTMLElement} */ (byId('axis').querySelector('.track'));
  const offset = -new Date(span.to).getTimezoneOffset() * MINUTE;
  const max = Math.max(2, Math.floor(track.clientWidth / TICK_PX));
  const ticks = ticksOf(span, max, offset).map((at) => ({
    at,
    left: placeOf({ from: at, to: at }, span)?.left ?? 0,
  }));
  const lines = ticks.map(
    ({ left }) => `linear-gradient(var(--line), var(--line)) ${left}% 0 / 1px 100% no-repeat`,
  );
  byId('line').style.setProperty('--grid', lines.join(', ') || 'none');
  // A label at the very end would be cut off.
  const last = 100 - (LABEL_PX / Math.max(1, track.clientWidth)) * 100;
  const labels = ticks
    .filter(({ left }) => left <= last)
    .map(({ at, left }) => {
      const label = new Date(at).toLocaleTimeString([], {
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      });
      const tick = element('span', { class: 'tick' }, label);
      tick.style.left = `${left}%`;
      return tick;
    });
  track.replaceChildren(...labels);
}

/** @param {Snapshot} snapshot */
function drawRanges(snapshot) {
  if (state.range > 0) return;
  const longest = snapshot.hours * 60 * MINUTE;
  const shorter = RANGES.filter((range) => range <= longest);
  const offered = shorter.length > 0 ? shorter : [longest];
  state.range = firstRange(snapshot, offered);
  for (const range of offered) {
    const input = element('input', { type: 'radio', name: 'range', value: `${range}` });
    input.checked = range === state.range;
    input.addEventListener('change', () => {
      state.range = range;
      if (!saved) localStorage.setItem(RANGE_KEY, `${range}`);
      drawTime();
    });
    byId('ranges').append(
      element('label', {}, input, element('span', {}, duration(range).replace('60 min', '1 h'))),
    );
  }
}

/** The job in the address, so that reload and Back work. @param {string} id */
function openJob(id) {
  location.hash = encodeURIComponent(id);
}

function closeJob() {
  history.pushState(undefined, '', location.pathname);
  followAddress();
}

function followAddress() {
  const id = location.hash.length > 1 ? decodeURIComponent(location.hash.slice(1)) : undefined;
  if (id === state.opened) return;
  const before = state.opened;
  state.opened = id;
  state.answer = undefined;
  if (id === undefined) {
    dialog.close();
    if (before) focusRow(before);
    return;
  }
  drawOpened();
  void askWhy();
}

function drawOpened() {
  const { opened, snapshot } = state;
  if (opened === undefined || !snapshot) return;
  const job = snapshot.jobs.find(({ id }) => id === opened);
  if (!job) return closeJob();
  drawJob(job, state.answer, {
    now: now(),
    onClose: closeJob,
    onMove(step) {
      const next = neighbour(job.id, step);
      if (next !== undefined) openJob(next);
    },
  });
  if (!dialog.open) dialog.showModal();
}

/** Asks why the opened job is where it is. */
async function askWhy() {
  const { opened, snapshot } = state;
  const job = snapshot?.jobs.find(({ id }) => id === opened);
  if (opened === undefined || job?.jobId === undefined) return;
  const isSettled = state.answer && 'answer' in state.answer && state.answer.answer.state === 'ended';
  if (isSettled && job.state === 'ended') return;
  const answer = await fetchWhy(job.jobId);
  if (state.opened !== opened) return;
  state.answer = answer;
  drawOpened();
}

/**
 * @param {number} jobId
 * @returns {Promise<Answer>}
 */
async function fetchWhy(jobId) {
  if (saved) {
    const answer = saved.answers[jobId];
    return answer ? { answer } : { problem: `Not in this saved page: run sgr why ${jobId}` };
  }
  try {
    const response = await fetch(`why?job=${jobId}`);
    return response.ok ? { answer: await response.json() } : { problem: (await response.text()).trim() };
  } catch {
    return { problem: 'No connection: does sgr ui still run?' };
  }
}

byId('legend').append(...legendItems());
window.addEventListener('hashchange', followAddress);
window.addEventListener('popstate', followAddress);
window.addEventListener('resize', drawTime);
filter.addEventListener('input', drawTime);
filter.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  filter.value = '';
  drawTime();
});
dialog.addEventListener('cancel', (event) => {
  event.preventDefault();
  closeJob();
});
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) closeJob();
});
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/' && !dialog.open && document.activeElement !== filter) {
    event.preventDefault();
    filter.focus();
  } else moveFocus(event);
});
if (saved) {
  state.snapshot = saved.snapshot;
  draw();
} else {
  document.addEventListener('visibilitychange', connect);
  setInterval(drawTime, REDRAW_MS);
  connect();
}
followAddress();
