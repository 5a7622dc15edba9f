import { globSync } from 'node:fs';
import { relative } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { createVitest, parseCLI } from 'vitest/node';
import { didYouMean, UsageError } from '../../../scripts/cli/parse-options.mjs';
import { BUNDLE_TESTS } from '../../../vitest.config.ts';

/** Prerequisites of tests. */
export interface TestNeeds {
  docker: boolean;
  /** The packages' bundles, in their `dist` folders. */
  bundles: boolean;
}

/**
 * Determines what the test files that vitest would run need.
 * @param args vitest's filters and options
 * @throws {UsageError} if no test file matches
 */
export async function needsOf(args: readonly string[]): Promise<TestNeeds> {
  const { filter, options } = parseCLI(['vitest', 'run', ...args]);
  const vitest = await createVitest('test', { ...options, root: REPOSITORY_ROOT, watch: false });
  try {
    const files = await vitest.globTestSpecifications(filter);
    if (files.length === 0) throw new UsageError(noTest(filter));
    const docker = files.some(({ project }) => project.name === 'docker');
    const synthesises = files.some(({ moduleId }) =>
      relative(REPOSITORY_ROOT, moduleId).startsWith(BUNDLE_TESTS),
    );
    return { docker, bundles: docker || synthesises };
  } finally {
    await vitest.close();
  }
}

function noTest(filters: readonly string[]): string {
  const folders = globSync('{packages,testing,examples}/*/', { cwd: REPOSITORY_ROOT });
  return `No test's path contains ${filters.join(' or ')}${didYouMean(filters[0] ?? '', folders)}?`;
}
