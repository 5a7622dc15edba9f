import { expect, it } from 'vitest';

it('runs because its package is affected by the commit', () => {
  expect(process.env.CI_COMMIT_SHA).toMatch(/^[0-9a-f]{40}$/);
});
