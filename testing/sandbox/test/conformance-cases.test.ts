import { readConfiguration } from '@serverless-gitlab-runner/gitlab-double';
import { describe, expect, it } from 'vitest';
import { SUITES } from '../src/suites/conformance/cases/index.ts';
import type { Suite } from '../src/suites/conformance/conformance-case.ts';
import { loadRepository } from '../src/suites/conformance/load-repository.ts';

async function jobNamesOf({ repository, madeFiles }: Suite): Promise<string[]> {
  const files = { ...(await loadRepository(repository)), ...madeFiles };
  const definition = readConfiguration((path) => {
    const file = files[path];
    return typeof file === 'object' && file !== null && 'content' in file ? String(file.content) : '';
  });
  return definition.jobs.map(({ name }) => name);
}

describe('the conformance cases', () => {
  it.each(SUITES.map((suite) => [suite.repository, suite] as const))(
    'look at every job of the repository %s, and at none that it has not',
    async (_, suite) => {
      const looked = suite.cases.flatMap((each) => Object.keys(each.jobs));
      expect([...new Set(looked)].sort()).toEqual((await jobNamesOf(suite)).sort());
    },
  );

  it('each have a name of their own', () => {
    const names = SUITES.flatMap((suite) => suite.cases.map(({ keyword, name }) => `${keyword}: ${name}`));
    expect(new Set(names).size).toBe(names.length);
  });
});
