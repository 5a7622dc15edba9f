import { describe, expect, it } from 'vitest';
import { createExpectedJobs } from '../src/index.ts';

describe('expected jobs', () => {
  it('are kept by fleet and token, until removed or expired', () => {
    let now = 0;
    const expected = createExpectedJobs(() => now);
    const own = { fleet: 'default', runnerTokenParameter: undefined };
    expected.add(own, 1, 1000);
    expected.add(own, 2, 1000);
    expected.add(own, 2, 1001);
    expected.add({ fleet: 'default', runnerTokenParameter: '/t' }, 3, 5000);
    now = 999;
    expect(expected.of(own)).toEqual([
      { jobId: 1, until: 1000 },
      { jobId: 2, until: 1001 },
    ]);
    now = 1000;
    expect(expected.of(own)).toEqual([{ jobId: 2, until: 1001 }]);
    expected.remove(own, 2);
    expect(expected.of(own)).toEqual([]);
    expect(expected.of({ fleet: 'default', runnerTokenParameter: '/t' })).toHaveLength(1);
  });
});
