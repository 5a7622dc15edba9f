import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that run at a time. Tests wait for processes and containers for some of their time, so there are more than cores. */
const maxWorkers = Math.ceil(availableParallelism() * 1.5);

/** Files that take a minute or more: they are started first, so that none of them is left alone at the end. */
const LONG = [
  'testing/registry/test/install.test.ts',
  'testing/sandbox/test/page/page.test.ts',
  'packages/infra/test/nx-affected.test.ts',
  'packages/infra/test/linters.test.ts',
  'testing/runner-double/test/run.test.ts',
  'testing/sandbox/test/conformance/conformance.test.ts',
  'testing/sandbox/test/faults/subset.test.ts',
  ...['first-deployment', 'doctor', 'upgrade', 'operate', 'init', 'ui', 'whole-loop', 'own-ca'].map(
    (name) => `testing/sandbox/test/end-to-end/${name}.test.ts`,
  ),
  'testing/sandbox/test/executor/manager.test.ts',
];

class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = LONG.findIndex((file) => moduleId.endsWith(`/${file}`));
      return rank < 0 ? LONG.length : rank;
    };
    return (await super.sort(files)).sort((one, other) => rankOf(one) - rankOf(other));
  }
}

/** Tests that start containers. */
const dockerTests = [
  'testing/aws-emulator/test/**/*.test.ts',
  'testing/sandbox/test/{executor,end-to-end,faults,conformance}/**/*.test.ts',
];

/** Where tests without containers are that synthesise the stacks, and need the Lambdas' bundles for it. */
export const BUNDLE_TESTS = 'testing/policy-check/test/';

export default defineConfig({
  test: {
    sequence: { sequencer: LongFilesFirst },
    coverage: {
      provider: 'v8',
      include: ['{packages,testing}/*/src/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      reportsDirectory: 'reports/coverage',
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,testing,examples}/*/test/**/*.test.ts'],
          exclude: dockerTests,
          // Most of the time of small test files is the loading of libraries: the files of a worker share them.
          isolate: false,
          setupFiles: ['vitest.setup.ts'],
          maxWorkers,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'docker',
          include: dockerTests,
          globalSetup: ['testing/sandbox/test/prepare-docker.ts'],
          maxWorkers,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
