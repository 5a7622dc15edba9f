import { describe, expect, it } from 'vitest';
import { isOlder } from '../../src/suites/conformance/runner-release.ts';

describe('a release of GitLab Runner', () => {
  it.each([
    ['15.4.0', '15.5', true],
    ['15.11.0', '15.5', false],
    ['15.4.9', '15.4', false],
    ['17.8.3', '17.9', true],
    ['18.0.0', '17.9', false],
    ['16.9.0', '17.3', true],
  ])('%s is older than %s: %s', (release, since, expected) => {
    expect(isOlder(release, since)).toBe(expected);
  });
});
