/** Writes `schemas/` from the zod schemas and their comments: `npm run export-schemas -w packages/shared-events`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemaFiles } from './schemas.ts';

const packageFolder = fileURLToPath(new URL('../', import.meta.url));
rmSync(`${packageFolder}schemas`, { recursive: true, force: true });
for (const [path, content] of schemaFiles()) {
  mkdirSync(dirname(`${packageFolder}${path}`), { recursive: true });
  writeFileSync(`${packageFolder}${path}`, `${JSON.stringify(content, null, 2)}\n`);
  console.log(path);
}
