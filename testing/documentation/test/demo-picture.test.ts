import { describe, expect, it } from 'vitest';
import { renderDemoPicture } from '../src/demo-picture.ts';

const LOG = `› Docker …
✓ Docker (9.3 s)
  docker build <image>
✓ Deploying the stacks with CDK (8.5 s)
Jobs
│ 1 │ clone │
Managers and job tasks, from the first job back to zero
manager  █████ 66 s
  a&b    ███ 3 s

1 manager started
All checks passed. Report: reports/demo.json
`;

describe('the picture of the demo', () => {
  it('shows the steps and the chart, without progress and the table', () => {
    const texts = [...renderDemoPicture(LOG).matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(texts).toEqual([
      '$ npm run demo',
      '✓ Docker (9.3 s)',
      '✓ Deploying the stacks with CDK (8.5 s)',
      'Managers and job tasks, from the first job back to zero',
      'manager  █████ 66 s',
      'a&amp;b    ███ 3 s',
      '1 manager started',
      'All checks passed.',
    ]);
  });

  it('is not drawn of a demo that failed', () => {
    expect(() => renderDemoPicture(LOG.replace('All checks passed', 'Failed'))).toThrow(
      'npm run demo > FILE',
    );
  });
});
