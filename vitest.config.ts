import { defineConfig } from 'vitest/config';

/** Tests that start containers: two files at a time, which mostly wait; more would starve what they start on two cores. */
const dockerTests = [
  'testing/aws-emulator/test/**/*.test.ts',
  'testing/sandbox/test/{executor,end-to-end,faults,conformance}/**/*.test.ts',
];

/** Where tests without containers are that synthesise the stacks, and need the Lambdas' bundles for it. */
export const BUNDLE_TESTS = 'testing/policy-check/test/';

export default defineConfig({
  test: {
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
          // Most of the time of small test files is the loading of their modules: the files of a worker share them.
          isolate: false,
          setupFiles: ['vitest.setup.ts'],
          // All cores: by default, one is left to the main process, which does little here.
          maxWorkers: '100%',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'docker',
          include: dockerTests,
          globalSetup: ['testing/sandbox/test/prepare-docker.ts'],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
