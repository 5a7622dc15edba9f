import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), 'utf8');

const gitlab = z
  .record(z.string(), z.unknown())
  .parse(parse(read('.gitlab-ci.yml'), { customTags: ['!reference'].map(reference) }));
const github = z
  .object({
    jobs: z.record(
      z.string(),
      z.object({
        steps: z.array(z.object({ run: z.string().optional() })),
        strategy: z.unknown().optional(),
      }),
    ),
  })
  .parse(parse(read('.github/workflows/ci.yml')));

/** Defines GitLab's YAML tag. */
function reference(tag: string) {
  return { tag, collection: 'seq' as const };
}

function gitlabScript(job: string): string[] {
  const { script } = z.object({ script: z.union([z.string(), z.array(z.string())]) }).parse(gitlab[job]);
  return [script].flat();
}

function githubScript(job: string): string[] {
  return (github.jobs[job]?.steps ?? []).flatMap(({ run }) => run ?? []);
}

/** Packages with a stack of their own: those with a `deploy` script. */
const services = globSync('packages/*/package.json', { cwd: REPOSITORY_ROOT })
  .filter(
    (path) =>
      'deploy' in
      z.object({ scripts: z.record(z.string(), z.string()).default({}) }).parse(JSON.parse(read(path)))
        .scripts,
  )
  .map((path) => path.split('/')[1])
  .sort();

describe('both pipelines', () => {
  it.each(['lint', 'test', 'build'])('%s the affected packages', (target) => {
    expect(gitlabScript(target)).toEqual([`npx nx affected -t ${target}`]);
    expect(
      z.object({ matrix: z.object({ target: z.array(z.string()) }) }).parse(github.jobs.check?.strategy)
        .matrix.target,
    ).toContain(target);
    expect(githubScript('check')).toContain(`npx nx affected -t \${{ matrix.target }}`);
  });

  it('deploy every service separately', () => {
    const onGitLab = z
      .object({ parallel: z.object({ matrix: z.array(z.object({ SERVICE: z.array(z.string()) })) }) })
      .parse(gitlab.deploy);
    const onGitHub = z
      .object({ matrix: z.object({ service: z.array(z.string()) }) })
      .parse(github.jobs.deploy?.strategy);
    expect(onGitLab.parallel.matrix.flatMap(({ SERVICE }) => SERVICE).sort()).toEqual(services);
    expect(onGitHub.matrix.service.sort()).toEqual(services);
  });

  it('install packages and determine the base commit in the same way', () => {
    const { before_script: prepare } = z.object({ before_script: z.array(z.string()) }).parse(gitlab.default);
    const action = read('.github/actions/prepare/action.yml');
    expect(prepare.join('\n')).toContain('node scripts/affected-base.mjs');
    expect(action).toContain('node scripts/affected-base.mjs');
    for (const flag of ['--prefer-offline', '--no-audit', '--no-fund']) {
      expect(prepare.join('\n')).toContain(flag);
      expect(action).toContain(flag);
    }
  });

  it('release with the same command', () => {
    expect(gitlabScript('release')).toContain('npx nx release --skip-publish');
    expect(githubScript('release')).toContain('npx nx release --skip-publish');
  });

  it('publish the images, and then packages that use them, with provenance', () => {
    for (const script of [gitlabScript('publish'), githubScript('publish')].map((lines) =>
      lines.join('\n'),
    )) {
      const steps = [
        'nx run images:stage',
        'node scripts/publish-images.mjs',
        'PUBLISHED_IMAGES',
        'nx release publish',
      ];
      const places = steps.map((step) => script.indexOf(step));
      expect(places).not.toContain(-1);
      expect(script.indexOf('nx release publish')).toBe(Math.max(...places));
    }
    for (const pipeline of ['.gitlab-ci.yml', '.github/workflows/ci.yml'])
      expect(read(pipeline)).toContain('NPM_CONFIG_PROVENANCE: "true"');
    const commands = execFileSync(
      process.execPath,
      ['scripts/publish-images.mjs', '--repository', 'registry.test/group', '--dry-run'],
      { cwd: REPOSITORY_ROOT, encoding: 'utf8' },
    );
    expect(commands.trim().split('\n')).toHaveLength(2);
    for (const option of [
      '--platform linux/amd64,linux/arm64',
      '--sbom=true',
      '--provenance=mode=max',
      '--output type=image,push=true,compression=zstd,',
    ])
      expect(commands.split(option)).toHaveLength(3);
  });
});
