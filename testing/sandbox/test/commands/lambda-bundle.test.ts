import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { LAMBDA_BUNDLE } from '../../../../scripts/lambda-bundle.mjs';

async function bundle(name: string): Promise<Metafile['outputs'][string]> {
  const { metafile } = await build({
    ...LAMBDA_BUNDLE,
    entryPoints: [join(REPOSITORY_ROOT, 'packages', name, 'src/handler.ts')],
    outfile: 'index.mjs',
    write: false,
    metafile: true,
  });
  const [output] = Object.values(metafile.outputs);
  if (output === undefined) throw new Error(`${name} has no bundle`);
  return output;
}

describe.each(['webhook-receiver', 'runner-launcher', 'idle-reaper'])('the bundle of %s', (name) => {
  it('has the credentials that Lambda provides, and no other source of them', async () => {
    const providers = new Set(
      Object.keys((await bundle(name)).inputs).flatMap(
        (path) => /node_modules\/@aws-sdk\/(credential-provider-[^/]+|nested-clients)/.exec(path)?.[1] ?? [],
      ),
    );
    expect([...providers]).toEqual(['credential-provider-env']);
  });
});

it('the bundle of webhook-receiver, which starts for a waiting GitLab, has at most 500 KiB', async () => {
  expect((await bundle('webhook-receiver')).bytes).toBeLessThanOrEqual(500 * 1024);
});
