/** `npm run write-reference -w testing/documentation`: writes the pages of `docs/reference` from the code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { REFERENCE_PAGES } from './reference/pages.ts';

for (const [path, render] of Object.entries(REFERENCE_PAGES)) {
  const file = join(REPOSITORY_ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, render());
}
