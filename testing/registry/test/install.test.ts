import { existsSync, globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packPackages, REPOSITORY_ROOT, runCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LocalRegistry, ScratchProject } from '../src/index.ts';

// Installing CDK takes a quarter of a minute, and several times that on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const SCOPE = '@serverless-gitlab-runner';
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const NX = createRequire(import.meta.url).resolve('nx/bin/nx');
const consumer = (name: string) => fileURLToPath(new URL(`../consumers/${name}`, import.meta.url));

/** The versions of CDK that are tested here; newer ones may need a newer CDK CLI than the registry has. */
const manifestOf = (path: string) => JSON.parse(readFileSync(join(REPOSITORY_ROOT, path), 'utf8'));
const { 'aws-cdk-lib': cdkLib, constructs } = manifestOf('packages/infra/package.json').dependencies;
const version: string = manifestOf('packages/cli/package.json').version;

let registry: LocalRegistry;
const projects: ScratchProject[] = [];

async function project(
  ...options: Parameters<typeof ScratchProject.create> extends [unknown, ...infer Rest] ? Rest : never
) {
  const created = await ScratchProject.create(registry, ...options);
  projects.push(created);
  return created;
}

/** Publishes the packages as a release does. */
async function publish(): Promise<void> {
  const args = [NX, 'release', 'publish', `--registry=${registry.url}`];
  const env = { ...registry.environment, NX_DAEMON: 'false', NX_TUI: 'false' };
  await runCommand(process.execPath, args, { cwd: REPOSITORY_ROOT, env });
}

/** Where npm has the packages of this repository's scope from. */
function sourcesOf({ folder }: ScratchProject): Record<string, string> {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const entries = Object.entries<{ resolved?: string; link?: boolean }>(packages);
  const own = entries.filter(([path]) => path.includes(SCOPE));
  return Object.fromEntries(
    own.map(([path, { resolved = 'nowhere' }]) => [path.split('/').at(-1), new URL(resolved).origin]),
  );
}

beforeAll(async () => {
  await packPackages(() => undefined);
  registry = await LocalRegistry.start();
  await publish();
});
afterAll(async () => {
  await Promise.all(projects.map((created) => created.remove()));
  await registry?.stop();
});

it('a release that is repeated publishes nothing twice', async () => {
  await expect(publish()).resolves.toBeUndefined();
});

describe('shared-events', () => {
  it('works in ES modules, with types for node16 resolution, and ignores what newer producers add', async () => {
    const scratch = await project({ files: consumer('events-esm') });
    await scratch.install(`${SCOPE}/shared-events`);
    await scratch.node(TSC, '-p', '.');
    const output = await scratch.node('built/consumer.mjs');
    expect(JSON.parse(output)).toEqual({ status: 'added-later', moonPhase: false });
    expect(sourcesOf(scratch)).toEqual({ 'shared-events': new URL(registry.url).origin });
    expect(
      existsSync(join(scratch.folder, `node_modules/${SCOPE}/shared-events/schemas/openapi/JobQueued.json`)),
    ).toBe(true);
  });

  it('works in CommonJS, with types for node16 resolution', async () => {
    const scratch = await project({ files: consumer('events-commonjs'), type: 'commonjs' });
    await scratch.install(`${SCOPE}/shared-events`);
    await scratch.node(TSC, '-p', '.');
    const output = await scratch.node('built/consumer.cjs');
    expect(JSON.parse(output)).toEqual({ events: 10, refusal: 'UnreadableEventError', title: 'JobFinished' });
  });
});

describe('infra', () => {
  let scratch: ScratchProject;
  beforeAll(async () => {
    scratch = await project({ files: consumer('construct') });
    await scratch.install(
      `${SCOPE}/infra`,
      `aws-cdk-lib@${cdkLib}`,
      `constructs@${constructs}`,
      '@types/node@24',
    );
    const local = new URL(registry.url).origin;
    expect(sourcesOf(scratch)).toEqual({ infra: local, 'shared-events': local });
  });

  it('has a construct that needs no property, with every bundle and image context', async () => {
    await scratch.node(TSC, '-p', '.');
    await scratch.node('built/app.mjs');
    const assets = globSync('cdk.out/asset.*', { cwd: scratch.folder }).map((folder) =>
      join(scratch.folder, folder),
    );
    expect(assets.filter((folder) => existsSync(join(folder, 'index.mjs')))).toHaveLength(3);
    const images = assets.filter((folder) => existsSync(join(folder, 'Dockerfile')));
    expect(images).toHaveLength(2);
    expect(images.map((folder) => existsSync(join(folder, 'dist/manager.cjs'))).toSorted()).toEqual([
      false,
      true,
    ]);
  });

  // `deployAll` and `sgr` run it in the package's folder, with its cdk.json.
  it.each([
    ['in a project of its own', '.', ['--app', `node node_modules/${SCOPE}/infra/dist/app.mjs`]],
    ["in the package's folder", `node_modules/${SCOPE}/infra`, []],
  ])('has the app with the four stacks, for the CDK CLI %s', async (_title, folder, options) => {
    const output = join(scratch.folder, 'app.out');
    const cdk = [
      join(scratch.folder, 'node_modules/aws-cdk/bin/cdk'),
      'ls',
      '--no-notices',
      '--output',
      output,
    ];
    const listed = await scratch.inFolder(folder).node(...cdk, ...options);
    expect(listed.trim().split('\n').toSorted()).toEqual([
      'serverless-gitlab-runner-idle-reaper',
      'serverless-gitlab-runner-runner-launcher',
      'serverless-gitlab-runner-shared',
      'serverless-gitlab-runner-webhook-receiver',
    ]);
  });

  // In the same project: its dependencies take most of the time, and the CLI has them, too.
  it('is joined by the CLI, which has the command sgr', async () => {
    await scratch.install(`${SCOPE}/cli`);
    expect((await scratch.npm('exec', '--no', '--', 'sgr', '--version')).trim()).toBe(version);
    expect(await scratch.npm('exec', '--no', '--', 'sgr', '--help')).toContain(
      'Usage: sgr [options] [command]',
    );
    const local = new URL(registry.url).origin;
    expect(sourcesOf(scratch)).toEqual({ cli: local, infra: local, 'shared-events': local });
    // `sgr` deploys with the versions of CDK that are tested together here, whether a project has CDK or not.
    const manifest = join(scratch.folder, `node_modules/${SCOPE}/cli/package.json`);
    const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
    expect(dependencies).toMatchObject({ 'aws-cdk-lib': cdkLib, constructs });
  });
});
