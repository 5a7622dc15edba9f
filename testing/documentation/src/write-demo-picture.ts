/** `npm run demo-picture -w testing/documentation -- FILE`: draws `docs/pictures/demo.svg` from the output of a demo. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { renderDemoPicture } from './demo-picture.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error(
    'Usage: npm run demo-picture -w testing/documentation -- FILE (the output of "npm run demo")',
  );
  process.exit(2);
}
// npm runs scripts in the package's folder.
const log = readFileSync(resolve(process.env.INIT_CWD ?? '.', file), 'utf8');
writeFileSync(join(REPOSITORY_ROOT, 'docs/pictures/demo.svg'), renderDemoPicture(log));
