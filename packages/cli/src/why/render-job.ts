import { styleText } from 'node:util';
import { duration } from '../../page/format.js';
import { wrap } from '../wrap.ts';
import type { Explanation } from './verdict.ts';

/** What each state is called, and its colour. */
const STATES = {
  unknown: { title: 'unknown', color: 'yellow' },
  queued: { title: 'waits', color: 'yellow' },
  starting: { title: 'starts', color: 'cyan' },
  running: { title: 'runs', color: 'green' },
  ended: { title: 'has ended', color: 'dim' },
} as const;

/** Renders an explanation as one screen. Colours appear on a terminal only. */
export function renderJob(explanation: Explanation, now: number, columns: number): string[] {
  const { jobId, state, summary, since, steps, advice } = explanation;
  const { title, color } = STATES[state];
  const [first] = steps;
  const known = first && state !== 'ended' ? `, known for ${duration(now - first.at)}` : '';
  const lines = [
    `Job ${jobId} ${styleText(color, title)}${known}`,
    ...wrap(`${summary}${age(state, since, now)}.`, columns),
  ];
  if (advice.length > 0) {
    lines.push('', 'What to do:');
    for (const one of advice) lines.push(...bullet(`${one}.`, columns));
  }
  if (steps.length > 0) {
    lines.push('', 'What happened:');
    const ages = steps.map(({ at }) => `${duration(now - at)} ago`);
    const width = Math.max(...ages.map(({ length }) => length));
    for (const [index, { at, what }] of steps.entries())
      lines.push(`  ${clock(at)}  ${(ages[index] ?? '').padStart(width)}  ${what}`);
  }
  return lines;
}

/** How long that has been so. */
function age(state: Explanation['state'], since: number | undefined, now: number): string {
  if (since === undefined) return '';
  return state === 'ended' ? ` (${duration(now - since)} ago)` : ` (for ${duration(now - since)})`;
}

function bullet(text: string, columns: number): string[] {
  return wrap(text, columns, '  ').map((line, index) => (index === 0 ? `- ${line.slice(2)}` : line));
}

/** The time of day in UTC, as in logs. */
function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
