import { describe, expect, it } from 'vitest';
import { skipReason } from '../../src/suites/conformance/skip-reason.ts';

const support = { release: '17.8.0', hasArmRunner: false };

describe('the skip reason of a case', () => {
  it.each([
    ['that requires a newer runner', { since: '17.9' }, {}, 'requires gitlab-runner 17.9, found 17.8.0'],
    ['on ARM64 without a runner for it', {}, { architecture: 'ARM64' }, /GITLAB_RUNNER_BIN_ARM64/],
  ] as const)('%s names the requirement', (_case, each, suite, reason) => {
    expect(skipReason(each, suite, support)).toMatch(reason);
  });

  it.each([
    ['without requirements', {}, {}, support],
    ['that requires the current release', { since: '17.8' }, {}, support],
    ['on ARM64 with a runner for it', {}, { architecture: 'ARM64' }, { ...support, hasArmRunner: true }],
  ] as const)('%s is undefined', (_case, each, suite, available) => {
    expect(skipReason(each, suite, available)).toBeUndefined();
  });
});
