import { element } from './element.js';
import { PHASES } from './job-words.js';
import { placeOf } from './timeline.js';

/** @typedef {import('./timeline.js').Segment} Segment */
/** @typedef {import('./timeline.js').Span} Span */

/**
 * Draws segments on a track, whose elements are reused.
 * @param {HTMLElement} track
 * @param {readonly Segment[]} segments
 * @param {Span} shown
 * @returns {boolean} whether any of them is within the time shown
 */
export function drawSegments(track, segments, shown) {
  let used = 0;
  for (const segment of segments) {
    const place = placeOf(segment, shown);
    if (!place) continue;
    const bar = barAt(track, used);
    used += 1;
    bar.dataset.phase = segment.phase;
    bar.style.left = `${place.left}%`;
    bar.style.width = `${place.width}%`;
  }
  for (const rest of [...track.children].slice(used)) rest.remove();
  return used > 0;
}

/**
 * @param {HTMLElement} track
 * @param {number} index
 */
function barAt(track, index) {
  const found = track.children[index];
  if (found instanceof HTMLElement) return found;
  const bar = element('span', { class: 'bar' });
  track.append(bar);
  return bar;
}

/**
 * The colours and what they mean.
 * @returns {HTMLElement[]}
 */
export function legendItems() {
  return Object.entries(PHASES).map(([phase, words]) =>
    element(
      'li',
      { class: 'meaning' },
      element('span', { class: 'bar', 'data-phase': phase, 'aria-hidden': 'true' }),
      words,
    ),
  );
}
