import { expect, it } from 'vitest';
import { type Figure, figureOf, limitedFigure } from '../../src/suites/bench/figure.ts';
import { plotFigures } from '../../src/suites/bench/plot-figures.ts';

const labelsOf = (figures: readonly Figure[]) =>
  [...plotFigures(figures).matchAll(/<text[^>]*text-anchor="end"[^>]*>([^<]*)</g)].map(([, label]) => label);

it('plots the figures that have a target, without their details', () => {
  const figures = [
    limitedFigure({ figure: 'calls (RunTask 1.0, …) of a launch', unit: 'calls', value: 5, limit: 6 }),
    figureOf({ figure: 'no target', unit: 's', value: 5, baseline: 6 }),
    figureOf({ figure: 'none allowed', unit: 'jobs', value: 0, baseline: 6, target: 0 }),
  ];
  expect(labelsOf(figures)).toEqual(['calls of a launch']);
});

it('shows how many times its target a figure is, and whether that is met', () => {
  const svg = plotFigures([
    figureOf({ figure: 'met', unit: 's', value: 3, baseline: 2, target: 2 }),
    figureOf({ figure: 'missed', unit: 's', value: 3, baseline: 2, target: 1 }),
    figureOf({ figure: 'just missed', unit: 's', value: 2.006, baseline: 2, target: 1 }),
  ]);
  expect(svg).toMatch(/>0\.75</);
  expect(svg).toMatch(/>1\.50</);
  expect(svg).toMatch(/>1\.003</);
  expect(svg.match(/class="fill c2"/g)).toHaveLength(1);
  expect(svg.match(/class="fill c3"/g)).toHaveLength(2);
});
