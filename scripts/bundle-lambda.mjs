/**
 * Bundles the Lambda of the package in the working directory: `src/handler.ts` and all its imports, including the AWS SDK,
 * become `dist/index.mjs` with the handler `index.handler`. It is each Lambda package's `build` script.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { build } from 'esbuild';
import { LAMBDA_BUNDLE } from './lambda-bundle.mjs';

const ENTRY = 'src/handler.ts';
const OUTPUT = 'dist/index.mjs';

if (!existsSync(ENTRY)) {
  console.error(`${process.cwd()} has no ${ENTRY}: run this in the folder of a Lambda package`);
  process.exit(1);
}

rmSync('dist', { recursive: true, force: true });
await build({ ...LAMBDA_BUNDLE, entryPoints: [ENTRY], outfile: OUTPUT });
console.log(`${OUTPUT}: ${(statSync(OUTPUT).size / 1024).toFixed(0)} KiB`);
