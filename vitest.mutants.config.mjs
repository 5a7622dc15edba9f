import { defineConfig } from 'vitest/config';
import { decidingTests } from './scripts/deciding-modules.mjs';

/** What `npm run mutants` runs against each mutant. */
export default defineConfig({ test: { include: decidingTests, testTimeout: 60_000 } });
