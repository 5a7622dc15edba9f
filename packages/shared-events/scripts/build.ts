/**
 * Builds `dist/`, the folder that is published: JavaScript, types, JSON Schemas and a separate package.json whose
 * exports point to them. In this repository the other packages import `src/` directly.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const packageFolder = fileURLToPath(new URL('../', import.meta.url));
const dist = `${packageFolder}dist`;
const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
});

rmSync(dist, { recursive: true, force: true });
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: packageFolder, stdio: 'inherit' });

const manifest = manifestSchema.parse(JSON.parse(readFileSync(`${packageFolder}package.json`, 'utf8')));
const published = {
  ...manifest,
  type: 'module',
  exports: {
    '.': { types: './index.d.ts', default: './index.js' },
    './schemas/*.json': './schemas/*.json',
  },
};
writeFileSync(`${dist}/package.json`, `${JSON.stringify(published, null, 2)}\n`);
cpSync(`${packageFolder}schemas`, `${dist}/schemas`, { recursive: true });
cpSync(`${packageFolder}README.md`, `${dist}/README.md`);
