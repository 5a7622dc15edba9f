import { describe, expect, it } from 'vitest';
import { figureOf, limitedFigure, mean, median } from '../../src/suites/bench/figure.ts';
import { renderFigures } from '../../src/suites/bench/render-figures.ts';

const measured = { figure: 'start', unit: 's', value: 3, baseline: 2 };

describe('a figure', () => {
  it.each([
    { target: 1.5, met: true },
    { target: 1.49, met: false },
    { target: undefined, met: true },
  ])('with the target $target and the ratio 1.5: met $met', ({ target, met }) => {
    const figure = figureOf({ ...measured, ...(target === undefined ? {} : { target }) });
    expect(figure).toMatchObject({ ratio: 1.5, target: target ?? null, met });
  });

  it('with a limit is met up to the limit', () => {
    const { baseline: _, ...size } = measured;
    expect([3, 2.9].map((limit) => limitedFigure({ ...size, limit }).met)).toEqual([true, false]);
  });

  it('that was not measured does not meet its target', () => {
    expect(figureOf({ ...measured, value: Number.NaN, target: 2 }).met).toBe(false);
  });
});

describe('the table of figures', () => {
  it('names targets that are missed', () => {
    const text = renderFigures([
      figureOf({ ...measured, target: 1 }),
      figureOf({ ...measured, figure: 'without a target' }),
    ]);
    expect(text).toMatch(/start .* 3 s .* 2 s .* 1\.50 .* ≤ 1 .* missed/);
    expect(text).toMatch(/without a target .* 1\.50 /);
  });
});

describe('averages', () => {
  it('are those of the values', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), mean([1, 2, 6])]).toEqual([2, 2.5, 3]);
  });

  it('of nothing are errors', () => {
    expect(() => median([])).toThrow('nothing');
    expect(() => mean([])).toThrow('nothing');
  });
});
