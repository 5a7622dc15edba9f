import { byId, clock, element, webLink } from './element.js';
import { duration, usd } from './format.js';
import { isTrouble, PHASES, phaseSums, placeWords, stateWords, titleOf } from './job-words.js';
import { jobSegments } from './timeline.js';
import { drawSegments } from './track.js';

/** @typedef {import('../src/ui/snapshot.ts').JobRow} JobRow */
/** @typedef {import('../src/ui/page-server.ts').JobAnswer} JobAnswer */

/** What `sgr why` answered, or why it could not. @typedef {{ answer: JobAnswer } | { problem: string }} Answer */

/**
 * Draws a job's path.
 * @param {JobRow} job
 * @param {Answer | undefined} answer undefined: it is being asked for
 * @param {{ now: number, onClose: () => void, onMove: (step: 1 | -1) => void }} view
 */
export function drawJob(job, answer, view) {
  const dialog = byId('job');
  const scroll = dialog.scrollTop;
  const focused = document.activeElement?.getAttribute('data-action');
  dialog.dataset.state = isTrouble(job) ? 'trouble' : job.state;
  dialog.replaceChildren(
    heading(job, view),
    element(
      'p',
      { class: 'tags' },
      element('span', { class: 'state' }, stateWords(job, view.now)),
      ...(job.jobId === undefined
        ? []
        : [' ', webLink(job.pageUrl, `job ${job.jobId}${job.pageUrl ? ' in GitLab' : ''}`)]),
      ` · ${placeWords(job)}`,
    ),
    path(job, view.now),
    ...explanation(job, answer, view.now),
    facts(job),
  );
  dialog.scrollTop = scroll;
  const again = focused && dialog.querySelector(`[data-action="${CSS.escape(focused)}"]`);
  if (again instanceof HTMLElement) again.focus();
}

/**
 * @param {JobRow} job
 * @param {Parameters<typeof drawJob>[2]} view
 */
function heading(job, { onClose, onMove }) {
  /** @type {[string, string, string, () => void][]} */
  const actions = [
    ['previous', '↑', 'Previous job', () => onMove(-1)],
    ['next', '↓', 'Next job', () => onMove(1)],
    ['close', '✕', 'Close', onClose],
  ];
  const buttons = actions.map(([action, sign, label, act]) => {
    const button = element(
      'button',
      { type: 'button', 'aria-label': label, title: label, 'data-action': action },
      sign,
    );
    if (action === 'close') button.autofocus = true;
    button.addEventListener('click', act);
    return button;
  });
  return element(
    'header',
    {},
    element('h2', { id: 'job-title' }, titleOf(job)),
    element('div', { class: 'actions' }, ...buttons),
  );
}

/** Its phases as one bar, and how long each took. @param {JobRow} job @param {number} now */
function path(job, now) {
  const segments = jobSegments(job, now);
  const first = segments[0];
  const last = segments.at(-1);
  if (!first || !last)
    return element('p', { class: 'empty' }, 'Nothing is known of when it was queued, started or ended.');
  const track = element('div', { class: 'track', 'aria-hidden': 'true' });
  drawSegments(track, segments, { from: first.from, to: last.to });
  const sums = phaseSums(segments).map(([phase, ms]) =>
    element(
      'div',
      {},
      element(
        'dt',
        { class: 'meaning' },
        element('span', { class: 'bar', 'data-phase': phase, 'aria-hidden': 'true' }),
        PHASES[phase],
      ),
      element('dd', {}, duration(ms)),
    ),
  );
  const cost = job.costUsd === undefined ? 'when it ends' : usd(job.costUsd);
  const total = element(
    'div',
    {},
    element('dt', {}, 'cost of its task'),
    element('dd', {}, job.taskId ? cost : 'none yet'),
  );
  return element('div', { class: 'path' }, track, element('dl', { class: 'phases' }, ...sums, total));
}

/**
 * @param {JobRow} job
 * @param {Answer | undefined} given
 * @param {number} now
 * @returns {HTMLElement[]}
 */
function explanation({ jobId }, given, now) {
  if (jobId === undefined)
    return [
      element(
        'p',
        { class: 'why' },
        'This task was started ahead, and waits for the job that usually follows.',
      ),
    ];
  if (given === undefined) return [element('p', { class: 'why', 'aria-busy': 'true' }, 'Asking why …')];
  if ('problem' in given) return [element('p', { class: 'problem', role: 'alert' }, given.problem)];
  const { summary, since, state, advice, steps, gitlabProblems } = given.answer;
  const age =
    since === undefined
      ? ''
      : state === 'ended'
        ? ` (${duration(now - since)} ago)`
        : ` (for ${duration(now - since)})`;
  /** @type {HTMLElement[]} */
  const parts = [element('p', { class: 'why' }, `${summary}${age}.`)];
  if (advice.length > 0)
    parts.push(
      element('h3', {}, 'What to do'),
      element('ul', { class: 'advice' }, ...advice.map((one) => element('li', {}, `${one}.`))),
    );
  if (steps.length > 0)
    parts.push(
      element('h3', {}, 'What happened'),
      element(
        'ol',
        { class: 'steps' },
        ...steps.map(({ at, what }, index) => {
          const before = steps[index - 1];
          const gap = before ? `+${duration(at - before.at)}` : '';
          return element(
            'li',
            { class: 'step' },
            element('time', { datetime: new Date(at).toISOString() }, clock(at)),
            element('span', { class: 'gap' }, gap),
            element('span', {}, what),
          );
        }),
      ),
    );
  for (const problem of gitlabProblems) parts.push(element('p', { class: 'note' }, problem));
  return parts;
}

/** @param {JobRow} job */
function facts({ jobId, fleet, taskId, managerTaskId }) {
  const rows = [
    ['fleet', fleet],
    ['task', taskId],
    ['manager', managerTaskId],
    ['its log', jobId === undefined ? undefined : `sgr logs ${jobId}`],
  ].filter(([, value]) => value !== undefined);
  return element(
    'dl',
    { class: 'facts' },
    ...rows.map(([title = '', value = '']) =>
      element('div', {}, element('dt', {}, title), element('dd', {}, element('code', {}, value))),
    ),
  );
}
