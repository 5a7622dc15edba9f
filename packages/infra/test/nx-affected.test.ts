import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NX = fileURLToPath(new URL('../../../node_modules/.bin/nx', import.meta.url));

/** The projects that `nx affected -t deploy` would deploy after a change of that file, according to nx. */
async function deployedBy(file: string): Promise<string[]> {
  const args = ['show', 'projects', '--affected', `--files=${file}`, '--with-target=deploy', '--json'];
  const { stdout } = await promisify(execFile)(NX, args, {
    cwd: ROOT,
    env: { ...process.env, NX_DAEMON: 'false', NX_CACHE_PROJECT_GRAPH: 'false', NX_TUI: 'false' },
  });
  const projects: string[] = JSON.parse(stdout);
  return projects.map((name) => name.replace('@serverless-gitlab-runner/', '')).sort();
}

const ALL = ['idle-reaper', 'runner-launcher', 'shared-stack', 'webhook-receiver'];

describe('a change deploys only the affected projects:', () => {
  it.each([
    ['packages/webhook-receiver/src/handler.ts', ['webhook-receiver']],
    ['packages/runner-launcher/src/handler.ts', ['runner-launcher']],
    ['packages/idle-reaper/src/handler.ts', ['idle-reaper']],
    ['packages/runner-manager/src/job-executor.ts', ['shared-stack']],
    ['images/runner/Dockerfile', ['shared-stack']],
    ['images/job-base/agent/agent', ['shared-stack']],
    ['packages/shared-events/src/common.ts', ALL],
    ['packages/fleet/src/fleet-config.ts', ALL],
    ['packages/infra/src/constructs/network.ts', ALL],
    ['testing/sandbox/src/main.ts', []],
    ['testing/aws-emulator/image/Dockerfile', []],
    ['README.md', []],
  ])(
    '%s',
    async (file, projects) => {
      expect(await deployedBy(file)).toEqual(projects);
    },
    60_000,
  );
});

/** The tasks that nx would run, with their dependencies. */
async function taskGraph(args: readonly string[]): Promise<Record<string, string[]>> {
  const { stdout } = await promisify(execFile)(NX, [...args, '--graph=stdout'], {
    cwd: ROOT,
    env: { ...process.env, NX_DAEMON: 'false', NX_CACHE_PROJECT_GRAPH: 'false', NX_TUI: 'false' },
  });
  return JSON.parse(stdout.slice(stdout.indexOf('{'))).tasks.dependencies;
}

it('services and the shared stack itself wait for shared-stack:ensure, so nothing is deployed if it fails', async () => {
  const graph = await taskGraph(['run-many', '-t', 'deploy']);
  const deployments = Object.keys(graph).filter((task) => task.endsWith(':deploy'));
  expect(deployments).toHaveLength(4);
  for (const task of deployments) expect(graph[task]).toContain('shared-stack:ensure');
}, 60_000);

it('a single service does not deploy the shared stack, but ensures that it exists', async () => {
  const tasks = Object.keys(await taskGraph(['run', 'runner-launcher:deploy']));
  expect(tasks).toContain('shared-stack:ensure');
  expect(tasks).not.toContain('shared-stack:deploy');
}, 60_000);

/** The given files that nx hashes to decide whether a target's last result is still valid. */
async function inputsAmong(target: string, files: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(NX, ['show', 'target', 'inputs', target, '--json'], {
    cwd: ROOT,
    env: { ...process.env, NX_DAEMON: 'false', NX_CACHE_PROJECT_GRAPH: 'false', NX_TUI: 'false' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return files.filter((file) => stdout.includes(`"${file}"`));
}

const FLEET = 'packages/fleet/src/fleet-config.ts';
const EVENTS = 'packages/shared-events/src/common.ts';
const TEST = 'packages/fleet/test/fleet-config.test.ts';
const README = 'packages/fleet/README.md';

it.each([
  ['fleet:test', 'its own code and tests, and its library', [FLEET, EVENTS, TEST]],
  ['runner-launcher:test', 'its libraries', [FLEET, EVENTS]],
  ['shared-events:test', 'its own code', [EVENTS]],
  ['fleet:lint', 'its own files', [FLEET, TEST]],
  ['runner-launcher:build', 'code, and no tests', [FLEET, EVENTS]],
])(
  '%s runs again after a change of %s, but never of a README',
  async (target, _, expected) => {
    const inputs = await inputsAmong(`@serverless-gitlab-runner/${target}`, [FLEET, EVENTS, TEST, README]);
    expect(inputs).toEqual(expected);
  },
  60_000,
);
