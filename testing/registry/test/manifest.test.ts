import { describe, expect, it } from 'vitest';
import { publishedManifest, UndeclaredDependencyError } from '../../../scripts/pack/manifest.mjs';
import { PUBLISHED } from '../../../scripts/pack/published-packages.mjs';

const SCOPE = '@serverless-gitlab-runner';

/** The packages that are published, and those whose code is part of them. */
const names = new Set(
  Object.entries(PUBLISHED).flatMap(([name, published]) => [
    name,
    ...('inlined' in published ? published.inlined : []),
  ]),
);

function sources(version: string, dependencies: Record<string, Record<string, string>> = {}) {
  const common = { version, description: 'text', license: 'MIT' };
  return new Map(
    [...names].map((name) => [
      `${SCOPE}/${name}`,
      { name: `${SCOPE}/${name}`, ...common, dependencies: dependencies[name] ?? {} },
    ]),
  );
}

const infra = { 'aws-cdk': '2.1148.1', 'aws-cdk-lib': '2.270.0', constructs: '^10.8.1' };

describe('the manifest of a published package', () => {
  it('depends on what its code imports, also in code of private packages, and on programs that it runs', () => {
    const manifest = publishedManifest('infra', sources('0.3.0', { infra, fleet: { zod: '4.6.7' } }), [
      ...[
        'zod',
        'node:fs',
        'path',
        './chunk.mjs',
        'aws-cdk-lib/aws-iam',
        'constructs',
        `${SCOPE}/shared-events`,
      ],
    ]);
    expect(manifest).toMatchObject({
      name: `${SCOPE}/infra`,
      version: '0.3.0',
      dependencies: { zod: '^4.6.7', 'aws-cdk': '^2.1148.1', [`${SCOPE}/shared-events`]: '^0.3.0' },
      peerDependencies: { 'aws-cdk-lib': '^2.270.0', constructs: '^10.8.1' },
    });
    expect(Object.keys(manifest.dependencies)).toHaveLength(3);
    expect(manifest).not.toHaveProperty('private');
  });

  it('of a program names the tested versions of the peers of its dependencies', () => {
    const { dependencies } = publishedManifest('cli', sources('0.3.0', { infra }), [
      `${SCOPE}/infra/operate`,
    ]);
    expect(dependencies).toEqual({
      [`${SCOPE}/infra`]: '^0.3.0',
      'aws-cdk-lib': '2.270.0',
      constructs: '^10.8.1',
    });
  });

  it('is refused if a version is not known', () => {
    expect(() => publishedManifest('shared-events', sources('0.3.0'), ['zod'])).toThrow(
      new UndeclaredDependencyError(
        `zod is imported, but the package.json of ${SCOPE}/shared-events lacks it`,
      ),
    );
  });

  it('names the repository if it is known', () => {
    const repository = 'git+https://gitlab.example.com/group/project.git';
    const manifest = publishedManifest('shared-events', sources('0.3.0'), [], { repository });
    expect(manifest).toMatchObject({
      repository: { type: 'git', url: repository, directory: 'packages/shared-events' },
    });
  });
});
