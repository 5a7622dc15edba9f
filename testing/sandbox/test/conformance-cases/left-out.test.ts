import { describe, expect, it } from 'vitest';
import { lackOf } from '../../src/suites/conformance/left-out.ts';

const means = { release: '17.8.0', hasArmRunner: false };

describe('a case is left out', () => {
  it.each([
    ['when it needs a newer runner', { since: '17.9' }, {}, 'gitlab-runner 17.9, this is 17.8.0'],
    ['when it runs on ARM64 and no runner does', {}, { architecture: 'ARM64' }, /GITLAB_RUNNER_BIN_ARM64/],
  ] as const)('%s, and what it needs is said', (_when, each, suite, words) => {
    expect(lackOf(each, suite, means)).toMatch(words);
  });

  it.each([
    ['that needs nothing', {}, {}, means],
    ['that needs this very release', { since: '17.8' }, {}, means],
    [
      'on ARM64 where a runner is there for it',
      {},
      { architecture: 'ARM64' },
      { ...means, hasArmRunner: true },
    ],
  ] as const)('unlike one %s', (_what, each, suite, has) => {
    expect(lackOf(each, suite, has)).toBeUndefined();
  });
});
