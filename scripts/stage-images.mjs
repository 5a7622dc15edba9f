/**
 * Assembles the images' build contexts in `dist/images`: `docker build dist/images/runner` needs nothing else. It is the target
 * `stage` of `images`.
 */
import { cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUTPUT = join(ROOT, 'dist/images');

/** Folders by their path in `dist/images`. */
const parts = {
  runner: 'images/runner',
  'runner/dist': 'packages/runner-manager/dist',
  'runner/hooks': 'packages/runner-manager/hooks',
  'job-base': 'images/job-base',
};

rmSync(OUTPUT, { recursive: true, force: true });
for (const [target, source] of Object.entries(parts))
  cpSync(join(ROOT, source), join(OUTPUT, target), { recursive: true });
