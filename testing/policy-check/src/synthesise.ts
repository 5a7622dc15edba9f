import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NODE_BINARY, REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import * as z from 'zod';
import { parseTemplate, type Templates } from './template.ts';

const INFRA = join(REPOSITORY_ROOT, 'packages/infra');
const SUFFIX = '.template.json';

/** Image names, so that no image is built. */
const IMAGES = { runnerImage: 'registry.test/runner', jobBaseImage: 'registry.test/job-base' };

/** The same settings as `deploySystem`. */
const DEPLOYED = { cache: {} };

const cdkJsonSchema = z.object({ context: z.record(z.string(), z.unknown()) });

/**
 * Synthesises the CDK app of packages/infra as the CDK CLI does. Returns the templates by stack. Needs the Lambdas' bundles
 * (`npm run build`).
 * @param context added to that of its `cdk.json`
 */
export async function synthesise(context: Readonly<Record<string, unknown>> = {}): Promise<Templates> {
  const directory = await mkdtemp(join(tmpdir(), 'serverless-gitlab-runner-iam-'));
  try {
    const cdkJson = cdkJsonSchema.parse(JSON.parse(await readFile(join(INFRA, 'cdk.json'), 'utf8')));
    await promisify(execFile)(NODE_BINARY, ['src/app.ts'], {
      cwd: INFRA,
      env: {
        ...process.env,
        CDK_OUTDIR: directory,
        CDK_CONTEXT_JSON: JSON.stringify({ ...cdkJson.context, ...IMAGES, ...DEPLOYED, ...context }),
      },
    });
    const files = (await readdir(directory)).filter((name) => name.endsWith(SUFFIX));
    const templates = files.map(
      async (name) =>
        [
          name.slice(0, -SUFFIX.length),
          parseTemplate(await readFile(join(directory, name), 'utf8')),
        ] as const,
    );
    return Object.fromEntries(await Promise.all(templates));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
