import { readConfiguration } from '@serverless-gitlab-runner/gitlab-double';
import { describe, expect, it } from 'vitest';
import { SUITES } from '../src/suites/conformance/cases/index.ts';
import type { Suite } from '../src/suites/conformance/conformance-case.ts';
import { loadRepository } from '../src/suites/conformance/load-repository.ts';

async function jobNamesOf({ repository, generatedFiles }: Suite): Promise<string[]> {
  const files = { ...(await loadRepository(repository)), ...generatedFiles };
  const definition = readConfiguration((path) => {
    const file = files[path];
    return typeof file === 'object' && file !== null && 'content' in file ? String(file.content) : '';
  });
  return definition.jobs.map(({ name }) => name);
}

describe('the conformance cases', () => {
  it.each(SUITES.map((suite) => [suite.repository, suite] as const))(
    'cover exactly the jobs of the repository %s',
    async (_, suite) => {
      const covered = suite.cases.flatMap((each) => Object.keys(each.jobs));
      expect([...new Set(covered)].sort()).toEqual((await jobNamesOf(suite)).sort());
    },
  );

  it('have unique names', () => {
    const names = SUITES.flatMap((suite) => suite.cases.map(({ keyword, name }) => `${keyword}: ${name}`));
    expect(new Set(names).size).toBe(names.length);
  });
});
