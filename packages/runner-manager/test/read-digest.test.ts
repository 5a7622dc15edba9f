import { imageSource } from '@serverless-gitlab-runner/fleet';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readDigest, readImageConfig } from '../src/registry/read-image-config.ts';
import { answer, type RegistryDouble, startRegistryDouble } from './support/registry-double.ts';

let registry: RegistryDouble;

beforeEach(async () => {
  registry = await startRegistryDouble();
});

afterEach(() => registry.stop());

it('an image is read with the digest of its tag, and HEAD returns the current digest', async () => {
  const digest = registry.put(
    'manifests',
    { config: { digest: registry.put('blobs', { config: { Cmd: ['a'] } }) } },
    '1',
  );
  const source = imageSource(`${registry.host}/team/app:1`);
  const caller = { login: undefined, gitlabOrigin: '', signal: AbortSignal.timeout(5000) };
  expect(await readImageConfig(source, 'X86_64', caller)).toEqual({
    config: { entryPoint: [], command: ['a'] },
    digest,
  });
  registry.routes.set('/v2/team/app/manifests/1', ({ method }, response) =>
    answer(response, method === 'HEAD' ? 200 : 429, '', { 'docker-content-digest': digest }),
  );
  expect(await readDigest(source, caller)).toBe(digest);
  expect(await readDigest({ ...source, reference: '2' }, caller)).toBeUndefined();
  // Not every registry says it.
  registry.put('manifests', {}, '1');
  expect(await readDigest(source, caller)).toBeUndefined();
});
