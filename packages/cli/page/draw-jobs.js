import { arrange, byId, element, setText } from './element.js';
import { duration } from './format.js';
import { isTrouble, matches, measureWords, placeWords, stateWords, titleOf } from './job-words.js';
import { jobSegments } from './timeline.js';
import { drawSegments } from './track.js';

/** @typedef {import('../src/ui/snapshot.ts').JobRow} JobRow */
/** @typedef {import('../src/ui/snapshot.ts').Snapshot} Snapshot */
/** @typedef {import('./timeline.js').Span} Span */

/**
 * @typedef {object} DrawnRow
 * @property {HTMLLIElement} item
 * @property {HTMLButtonElement} button
 * @property {Record<'name' | 'place' | 'state' | 'measures' | 'track', HTMLElement>} parts
 */

/** Rows by the job's id, kept from one snapshot to the next, so that focus and scrolling stay. @type {Map<string, DrawnRow>} */
const rows = new Map();

/**
 * @param {Snapshot} snapshot
 * @param {{ shown: Span, search: string, onOpen: (id: string) => void }} view
 */
export function drawJobs({ jobs, omittedJobs, hours }, { shown, search, onOpen }) {
  const known = new Set(jobs.map(({ id }) => id));
  for (const id of rows.keys()) if (!known.has(id)) rows.delete(id);
  /** @type {Record<'now' | 'ended', HTMLLIElement[]>} */
  const lists = { now: [], ended: [] };
  for (const job of jobs) {
    if (!matches(job, search)) continue;
    const row = rows.get(job.id) ?? createRow(job, onOpen);
    const isShown = drawRow(row, job, shown);
    if (!isOver(job)) lists.now.push(row.item);
    else if (isShown) lists.ended.push(row.item);
  }
  const range = duration(shown.to - shown.from);
  const nothing = search ? 'No job in flight matches.' : 'No job waits or runs.';
  describeList('now', lists.now, { count: `${lists.now.length}`, nothing });
  const ended = jobs.filter(isOver).length;
  const newest =
    omittedJobs > 0 ? `, of the newest ${ended} of ${ended + omittedJobs} jobs within ${hours} h` : '';
  describeList('ended', lists.ended, {
    count: `${lists.ended.length} within ${range}${newest}`,
    nothing: `No job${search ? ' that matches' : ''} has ended within ${range}.`,
  });
  keepOneTabStop();
}

/** @param {JobRow} job */
function isOver({ state }) {
  return state === 'ended' || state === 'unclear';
}

/**
 * @param {'now' | 'ended'} list
 * @param {readonly HTMLElement[]} items
 * @param {{ count: string, nothing: string }} words
 */
function describeList(list, items, { count, nothing }) {
  arrange(byId(list), items);
  setText(byId(`${list}-count`), count);
  const empty = byId(`${list}-empty`);
  empty.hidden = items.length > 0;
  setText(empty, nothing);
}

/**
 * @param {JobRow} job
 * @param {(id: string) => void} onOpen
 * @returns {DrawnRow}
 */
function createRow({ id }, onOpen) {
  const part = (/** @type {string} */ name) => element('span', { class: name });
  const parts = {
    name: part('name'),
    place: part('place'),
    state: part('state'),
    measures: part('measures'),
    track: part('track'),
  };
  const label = element('span', { class: 'label' }, parts.name, parts.place);
  const numbers = element('span', { class: 'numbers' }, parts.state, parts.measures);
  const button = element(
    'button',
    { type: 'button', class: 'row job', tabindex: '-1' },
    label,
    parts.track,
    numbers,
  );
  button.addEventListener('click', () => onOpen(id));
  const item = element('li', {}, button);
  const row = { item, button, parts };
  rows.set(id, row);
  return row;
}

/**
 * @param {DrawnRow} row
 * @param {JobRow} job
 * @param {Span} shown
 */
function drawRow({ button, parts }, job, shown) {
  setText(parts.name, titleOf(job));
  setText(parts.place, placeWords(job));
  setText(parts.state, stateWords(job, shown.to));
  setText(parts.measures, measureWords(job).join(' · '));
  button.dataset.state = isTrouble(job) ? 'trouble' : job.state;
  button.title = `${titleOf(job)} (${placeWords(job)})`;
  return drawSegments(parts.track, jobSegments(job, shown.to), shown);
}

/** The list is one stop of the Tab key; arrows move within it. */
function keepOneTabStop() {
  const buttons = listedButtons();
  const current = buttons.find(({ tabIndex }) => tabIndex === 0) ?? buttons[0];
  for (const button of buttons) button.tabIndex = button === current ? 0 : -1;
}

/** @returns {HTMLButtonElement[]} in the order on the page */
function listedButtons() {
  return [...document.querySelectorAll('button.job')].filter((one) => one instanceof HTMLButtonElement);
}

/** @type {Readonly<Record<string, (index: number, last: number) => number>>} */
const MOVES = {
  ArrowDown: (index, last) => Math.min(index + 1, last),
  ArrowUp: (index) => Math.max(index - 1, 0),
  Home: () => 0,
  End: (_, last) => last,
};

/** Moves the focus among jobs. @param {KeyboardEvent} event */
export function moveFocus(event) {
  const move = MOVES[event.key];
  const buttons = listedButtons();
  const index = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  if (!move || index < 0) return;
  event.preventDefault();
  const target = buttons[move(index, buttons.length - 1)];
  for (const button of buttons) button.tabIndex = button === target ? 0 : -1;
  target?.focus();
}

/** The job before or after one, as listed. @param {string} id @param {1 | -1} step */
export function neighbour(id, step) {
  const ids = new Map([...rows].map(([key, { button }]) => [button, key]));
  const buttons = listedButtons();
  const index = buttons.findIndex((button) => ids.get(button) === id);
  const target = index < 0 ? undefined : buttons[index + step];
  return target && ids.get(target);
}

/** Gives the focus to a job's row. @param {string} id */
export function focusRow(id) {
  const button = rows.get(id)?.button;
  if (!button?.isConnected) return;
  for (const one of listedButtons()) one.tabIndex = one === button ? 0 : -1;
  button.focus();
}
