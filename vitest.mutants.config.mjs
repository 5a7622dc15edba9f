import { defineConfig } from 'vitest/config';
import { decisionTests } from './scripts/decision-modules.mjs';
import { reusedThreadPool } from './scripts/reused-thread-pool.mjs';

// Stryker's child process loads this. When its parent was interrupted, Vitest would keep it alive.
process.once('disconnect', () => process.exit());

/** What `npm run mutants` runs against each mutant. */
export default defineConfig({
  plugins: [
    {
      name: 'reuse-threads',
      // Stryker names a pool of Vitest's own, which would win over `test.pool`.
      configureVitest({ project, vitest }) {
        const pool = reusedThreadPool();
        Object.assign(project.config, { pool: pool.name, poolRunner: pool });
        vitest.onClose(() => pool.close());
      },
    },
  ],
  test: { include: decisionTests, testTimeout: 60_000 },
});
