import { byId, element, setText, webLink } from './element.js';
import { count, duration, usd } from './format.js';
import { lanesOf, managerSegments, placeOf } from './timeline.js';
import { drawSegments } from './track.js';

/** @typedef {import('../src/ui/snapshot.ts').FleetRow} FleetRow */
/** @typedef {import('../src/ui/snapshot.ts').ManagerRow} ManagerRow */
/** @typedef {import('../src/ui/snapshot.ts').Snapshot} Snapshot */
/** @typedef {import('./timeline.js').Span} Span */

/** @param {Snapshot} snapshot */
export function drawTiles({ jobs, omittedJobs, costs, hours, queue }) {
  const inState = (/** @type {string} */ state) => jobs.filter((job) => job.state === state).length;
  /** @type {[string, string, string, string][]} */
  const tiles = [
    ['queued', 'waiting', `${inState('queued')}`, `${count(queue.messages, 'message')} in the queue`],
    ['starting', 'starting', `${inState('starting')}`, 'task requested, images pulled'],
    ['running', 'running', `${inState('running')}`, 'in their tasks'],
    ['ended', 'ended', `${inState('ended') + omittedJobs}`, `within ${hours} h`],
    ['cost', 'cost', usd(costs.total.costUsd), `of ${count(costs.total.tasks, 'ended task')}`],
  ];
  byId('tiles').replaceChildren(
    ...tiles.map(([kind, title, value, note]) =>
      element(
        'div',
        { class: 'tile', 'data-kind': kind },
        element('dt', {}, title),
        element('dd', { class: 'value' }, value),
        element('dd', { class: 'note' }, note),
      ),
    ),
  );
}

/** @param {Snapshot} snapshot */
export function drawWarnings({ warnings, isCut }) {
  const all = isCut
    ? [
        ...warnings,
        'The logs have more than is read, so the newest jobs may be missing: start sgr ui with fewer --hours.',
      ]
    : warnings;
  const list = byId('warnings');
  list.hidden = all.length === 0;
  list.replaceChildren(...all.map((text) => element('li', {}, text)));
}

/**
 * Managers in lanes, by fleet.
 * @param {Snapshot} snapshot
 * @param {Span} shown
 */
export function drawManagers({ fleets, managers }, shown) {
  const active = managers.filter(({ state }) => state !== 'stopped').length;
  setText(byId('managers-count'), `${active}`);
  const items = managers
    .map((manager) => ({ manager, ...extentOf(manager, shown.to) }))
    .filter((item) => placeOf(item, shown) !== undefined);
  const names = [
    ...new Set([...fleets.map(({ name }) => name), ...items.map(({ manager }) => manager.fleet)]),
  ];
  const rows = names.flatMap((name) => {
    const lanes = lanesOf(items.filter(({ manager }) => manager.fleet === name));
    const fleet = fleets.find((one) => one.name === name);
    return (lanes.length > 0 ? lanes : [[]]).map((lane, index) =>
      laneRow(
        lane.map(({ manager }) => manager),
        index === 0 ? fleetWords(name, fleet) : undefined,
        shown,
      ),
    );
  });
  byId('managers').replaceChildren(...rows);
}

/**
 * @param {ManagerRow} manager
 * @param {number} now
 */
function extentOf({ requestedAt, startedAt, endedAt }, now) {
  return { from: requestedAt ?? startedAt ?? now, to: endedAt ?? now };
}

/**
 * @param {string} name
 * @param {FleetRow | undefined} fleet
 * @returns {[string, string]}
 */
function fleetWords(name, fleet) {
  const limit = fleet?.maxManagers === undefined ? '' : ` of at most ${fleet.maxManagers}`;
  return [name, `${fleet?.managers ?? 0}${limit}`];
}

/**
 * @param {readonly ManagerRow[]} lane
 * @param {[string, string] | undefined} words
 * @param {Span} shown
 */
function laneRow(lane, words, shown) {
  const label = element('span', { class: 'label' });
  if (words)
    label.append(element('span', { class: 'name' }, words[0]), element('span', { class: 'place' }, words[1]));
  const track = element('span', { class: 'track' });
  for (const manager of lane) track.append(managerBar(manager, shown));
  const busy = lane.find(({ state }) => state !== 'stopped');
  const numbers = element('span', { class: 'numbers' });
  if (busy)
    numbers.append(
      element('span', { class: 'state' }, busy.state),
      element('span', { class: 'measures' }, count(busy.jobs, 'job')),
    );
  return element(
    'div',
    { class: 'row lane', ...(busy && { 'data-state': busy.state }) },
    label,
    track,
    numbers,
  );
}

/**
 * @param {ManagerRow} manager
 * @param {Span} shown
 */
function managerBar(manager, shown) {
  const words = managerWords(manager, shown.to);
  const bar = element('span', { class: 'manager', role: 'img', 'aria-label': words, title: words });
  const { from, to } = extentOf(manager, shown.to);
  const part = { from: Math.max(from, shown.from), to: Math.min(to, shown.to) };
  const { left, width } = placeOf(part, shown) ?? { left: 0, width: 0 };
  bar.style.left = `${left}%`;
  bar.style.width = `${width}%`;
  drawSegments(bar, managerSegments(manager, shown.to), part);
  return bar;
}

/**
 * @param {ManagerRow} manager
 * @param {number} now
 */
function managerWords({ taskId, slot, state, jobs, requestedAt, endedAt }, now) {
  const age = requestedAt === undefined ? '' : `, ${duration((endedAt ?? now) - requestedAt)}`;
  const work = state === 'stopped' ? '' : `, ${count(jobs, 'job')}`;
  return `Manager ${taskId.slice(0, 8)}${slot === undefined ? '' : ` in slot ${slot}`}: ${state}${age}${work}`;
}

/** @param {Snapshot} snapshot */
export function drawFleets({ fleets }) {
  const cards = fleets.map((fleet) => {
    const { name, problem, gitlabUrl, maxManagers, concurrentJobs } = fleet;
    const card = element('div', { class: 'fleet' }, element('h3', {}, name));
    if (problem !== undefined)
      card.append(element('p', { class: 'bad' }, `Its document is invalid: ${problem}`));
    if (gitlabUrl !== undefined)
      card.append(element('p', { class: 'note' }, webLink(gitlabUrl, gitlabUrl.replace(/^https?:\/\//, ''))));
    if (maxManagers !== undefined && concurrentJobs !== undefined)
      card.append(
        meter('managers', fleet.managers, maxManagers),
        meter('jobs', fleet.jobs, maxManagers * concurrentJobs),
      );
    return card;
  });
  byId('fleets').replaceChildren(
    ...(cards.length > 0 ? cards : [element('p', { class: 'empty' }, 'No fleet is deployed.')]),
  );
}

/**
 * @param {string} title
 * @param {number} value
 * @param {number} max
 */
function meter(title, value, max) {
  const fill = element('span', { class: 'fill' });
  fill.style.width = `${max > 0 ? Math.min(100, (value / max) * 100) : 0}%`;
  const words = `${value} of ${max}`;
  const bar = element(
    'span',
    {
      ...{ class: 'meter', role: 'meter', 'aria-label': title, 'aria-valuetext': words },
      ...{ 'aria-valuemin': '0', 'aria-valuemax': `${max}`, 'aria-valuenow': `${value}` },
      'data-full': value >= max ? 'yes' : undefined,
    },
    fill,
  );
  return element(
    'p',
    { class: 'measure' },
    element('span', {}, title),
    bar,
    element('span', { class: 'number' }, words),
  );
}

/** Projects with a row of their own. */
const MAX_PROJECTS = 12;

/** @param {Snapshot} snapshot */
export function drawCosts({ costs: { rows, total }, hours }) {
  setText(byId('costs-hours'), `${hours} h`);
  if (rows.length === 0)
    return byId('costs').replaceChildren(element('p', { class: 'empty' }, 'No task of a job has ended.'));
  const highest = Math.max(...rows.map(({ costUsd }) => costUsd));
  const shown = rows.slice(0, MAX_PROJECTS);
  const rest = rows.slice(MAX_PROJECTS);
  const lines = shown.map((row) => costLine(row.name, row, row.costUsd / (highest || 1)));
  if (rest.length > 0) {
    const sum = (/** @type {'tasks' | 'hours' | 'costUsd'} */ key) =>
      rest.reduce((all, row) => all + row[key], 0);
    const others = { tasks: sum('tasks'), hours: sum('hours'), costUsd: sum('costUsd') };
    lines.push(costLine(count(rest.length, 'other project'), others, undefined));
  }
  const head = ['project', 'cost'].map((title) => element('th', { scope: 'col' }, title));
  byId('costs').replaceChildren(
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...lines),
      element('tfoot', {}, costLine('total', total, undefined)),
    ),
  );
}

/**
 * @param {string} name
 * @param {{ tasks: number, hours: number, costUsd: number }} sums
 * @param {number | undefined} share of the most expensive project
 */
function costLine(name, { tasks, hours, costUsd }, share) {
  const title = element(
    'th',
    { scope: 'row' },
    element('span', { class: 'project' }, name),
    element('span', { class: 'note' }, `${count(tasks, 'task')} · ${duration(hours * 3_600_000)}`),
  );
  if (share !== undefined) {
    const fill = element('span', { class: 'share', 'aria-hidden': 'true' });
    fill.style.width = `${share * 100}%`;
    title.append(fill);
  }
  return element('tr', {}, title, element('td', {}, usd(costUsd)));
}
