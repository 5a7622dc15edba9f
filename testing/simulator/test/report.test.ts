import { describe, expect, it } from 'vitest';
import { fourStages, traceOf } from '../../../packages/simulation/test/support/traces.ts';
import { renderPage } from '../src/report/page.ts';
import { plotsOf } from '../src/report/plots.ts';
import { renderSvg, text, ticks } from '../src/report/svg.ts';
import { renderForTerminal, renderMarkdown, teamTable } from '../src/report/table.ts';
import { fixed, percent, usd } from '../src/report/text.ts';
import { studyTrace } from '../src/study.ts';

const study = studyTrace(traceOf(Array.from({ length: 4 }, () => fourStages())), 1);
const [team] = study.teams;
if (team === undefined) throw new Error('no team');

describe('numbers', () => {
  it.each([
    [fixed(-0.001, 2), '0.00'],
    [fixed(undefined, 2), '–'],
    [percent(0.456), '46 %'],
    [usd(-0.0029, 4), '−$0.0029'],
    [usd(-0.00001, 4), '$0.0000'],
    [usd(undefined), '–'],
  ])('%s is %s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('tables', () => {
  it('are aligned in a terminal', () => {
    expect(
      renderForTerminal({
        head: ['a', 'b'],
        rows: [
          ['long', '1'],
          ['x', '22'],
        ],
      }),
    ).toBe('a      b\nlong   1\nx     22');
  });

  it('are Markdown on a page', () => {
    expect(renderMarkdown({ head: ['a', 'b'], rows: [['x', '1']] })).toBe('| a | b |\n|---|---:|\n| x | 1 |');
  });

  it('have a row for each policy and mark the chosen one', () => {
    const { head, rows } = teamTable(team);
    expect(rows).toHaveLength(team.figures.length);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([head.length]));
    expect(rows.filter(([label]) => label?.endsWith('←'))).toHaveLength(1);
  });
});

describe('plots', () => {
  it.each(plotsOf(study))('$file has no clipped or overlapping labels', ({ svg }) => {
    const width = Number(/width="(\d+)"/.exec(svg)?.[1]);
    const labels = [
      ...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)</g),
    ].map(([, x, y, anchor, content = '']) => {
      // A character of 13 px is less than 8 px wide on average.
      const length = content.length * (content === labelOfTitle(svg) ? 9.5 : 7.7);
      const begin = Number(x) - (anchor === 'end' ? length : anchor === 'middle' ? length / 2 : 0);
      return { content, y: Number(y), begin, end: begin + length };
    });
    expect(labels.length).toBeGreaterThan(10);
    expect(labels.filter(({ begin, end }) => begin < 0 || end > width)).toEqual([]);
    const overlapping = labels.filter((one, index) =>
      labels
        .slice(index + 1)
        .some((other) => Math.abs(one.y - other.y) < 12 && one.begin < other.end && other.begin < one.end),
    );
    expect(overlapping).toEqual([]);
  });

  it('escape their text', () => {
    expect(text(0, 0, '<a> & b')).toContain('&lt;a&gt; &amp; b');
    expect(renderSvg({ width: 10, height: 10 }, 'a<b', '', [])).toContain('<title>a&lt;b</title>');
  });

  it.each([
    [3, [0, 0.5, 1, 1.5, 2, 2.5, 3]],
    [400, [0, 50, 100, 150, 200, 250, 300, 350, 400]],
  ])('up to %d have these ticks: %j', (most, expected) => {
    expect(ticks(most)).toEqual(expected);
  });
});

describe('the page', () => {
  const goal = { goal: 'a goal', target: 1, value: 1.5, isMet: false };
  const page = renderPage({ ...study, goals: [goal, { ...goal, value: 0.5, isMet: true }] }, plotsOf(study));

  it('reports the missed goals', () => {
    expect(page).toContain('1 of 2 goals are missed.');
    expect(page).toContain('| a goal | ≤ 1 | 1.500 | not met |');
    expect(page).toContain('| a goal | ≤ 1 | 0.500 | met |');
  });

  it('contains the plots of each team', () => {
    for (const { file } of plotsOf(study)) expect(page).toContain(`(simulation/${file})`);
  });

  it('recommends settings of a fleet', () => {
    expect(page).toMatch(
      /\| test \| .+ \| `ahead\.start: (off|next|first)`, `manager.max` 1, `concurrentJobs` 20, `idleSeconds` \d+ \|/,
    );
  });
});

function labelOfTitle(svg: string): string | undefined {
  return /<title>([^<]*)</.exec(svg)?.[1];
}
