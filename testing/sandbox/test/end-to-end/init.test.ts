import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { type Emulator, EmulatorSwitches, emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import {
  type GitLabDouble,
  type Job,
  type Project,
  startGitLabDouble,
} from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup, HOST_ARCHITECTURE, REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PreparedMachine, prepareMachine } from '../../src/system/prepare-machine.ts';
import { reachableUrl } from '../../src/system/reachable-url.ts';
import { startEmulatorFor } from '../../src/system/start-emulator.ts';
import { Operator, type ShellResult } from './support/operator.ts';
import { createAuthority, freePort, TlsFront } from './support/tls-front.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);

let machine: PreparedMachine;
let emulator: Emulator;
let operator: Operator;
let gitlab: GitLabDouble;
let project: Project;
/** Name of the file with the certificate of GitLab's own authority. */
let authorityFile: string;

beforeAll(async () => {
  machine = await prepareMachine({ log, cleanup, demoImages: false });
  emulator = await startEmulatorFor(log, cleanup, machine);
  await new EmulatorSwitches(emulator.endpoint).setAccount({ new: true, lagSeconds: 3, mayCreateRole: true });
  const host = emulator.gatewayAddress;
  const authority = await createAuthority(machine.images.helper, 'Company CA', host);
  authorityFile = join(tmpdir(), `${machine.runId}.pem`);
  await writeFile(authorityFile, authority.authority);
  cleanup.add('the file of the authority', () => rm(authorityFile));
  const port = await freePort(host);
  const front = await TlsFront.start(host, port, authority);
  cleanup.add('the TLS front', async () => front.stop());
  gitlab = await startGitLabDouble({
    ...{ host, port, externalUrl: `https://${host}:${front.port}` },
    reachableUrl: (url) => reachableUrl(url, emulator),
  });
  cleanup.add('the GitLab double', () => gitlab.stop());
  operator = await Operator.of(emulator);
  cleanup.add('the operator', () => operator.leave());
  project = await gitlab.createProject({ path: 'team/app' });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# App\n' } });
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

/** Runs `sgr` as an administrator does, with the name resolution of AWS. Node itself does not trust the authority. */
function sgr(args: string): Promise<ShellResult> {
  const resolver = fileURLToPath(new URL('support/resolve-function-urls.mjs', import.meta.url));
  const environment = `NODE_OPTIONS='--import=${resolver}' GITLAB_TOKEN=${gitlab.privateToken}`;
  return operator.run(`${environment} npx sgr ${args}`, { onLine: log });
}

/** Images cannot be built and pushed to an emulator, so those of the tests are named. */
function settings(more: Record<string, unknown> = {}): string {
  const { manager: runnerImage, helper: jobBaseImage } = machine.images;
  return `--settings '${JSON.stringify({ runnerImage, jobBaseImage, managerArchitecture: HOST_ARCHITECTURE, ...more })}'`;
}

const init = (flags: string) =>
  sgr(`init --gitlab ${gitlab.url} --ca ${authorityFile} --project team/app ${flags} ${settings()}`);

async function queue(script: string): Promise<Job> {
  const { jobs } = await gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: [
      { name: 'job', stage: 'test', tags: ['fargate'], image: machine.images.defaultJob, script: [script] },
    ],
  });
  const [job] = jobs;
  if (!job) throw new Error('the pipeline has no job');
  return job;
}

/** Revisions of the task definitions of the managers that run. */
async function managerDefinitions(): Promise<string[]> {
  const ecs = new ECSClient(emulatorClient(emulator.endpoint));
  const cluster = 'serverless-gitlab-runner';
  const { taskArns = [] } = await ecs.send(
    new ListTasksCommand({ cluster, family: 'serverless-gitlab-runner-manager-default' }),
  );
  if (taskArns.length === 0) return [];
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  return tasks.map(({ taskDefinitionArn = '' }) => taskDefinitionArn.split('/').at(-1) ?? '');
}

const SIZE = '--cpu 0.25 --memory 0.5';
const FIRST = `--tags fargate --arch ${HOST_ARCHITECTURE.toLowerCase()} ${SIZE}`;

describe('sgr init, from an empty account to a green job, for a GitLab with an authority of its own', () => {
  it('refuses an authority that has not signed the certificate of GitLab', async () => {
    const other = join(REPOSITORY_ROOT, 'packages/aws/test/fixtures/tls/other-ca.crt');
    const { code, output } = await sgr(`init --gitlab ${gitlab.url} --ca ${other} --project team/app --yes`);
    expect([code, output]).toEqual([1, expect.stringContaining('is not trusted')]);
  });

  it('shows a plan, and changes nothing without being told to', { timeout: 60_000 }, async () => {
    const { code, stdout } = await init(`${FIRST} --dry-run`);
    expect(code).toBe(0);
    expect(stdout).toContain('create    four stacks in us-east-1');
    expect(stdout).toContain('create    webhook of project team/app');
    expect(stdout).toMatch(/create {4}the authorities of https:\S+ CN=Company CA/);
    expect(stdout).toMatch(/A job of 5 minutes costs about \$0\.00\d\d/);
    expect([gitlab.runners.size, gitlab.webhooks.size]).toEqual([0, 0]);
    const { code: refused, output } = await init(FIRST);
    expect(refused).toBe(2);
    expect(output).toContain('confirm with --yes');
  });

  it('sets everything up with one command', { timeout: 8 * 60_000 }, async () => {
    const { code, output, stdout } = await init(`${FIRST} --yes`);
    expect(code, output).toBe(0);
    expect(stdout).toContain('Ready: push a job with `tags: [fargate]` to team/app.');
    expect(output).toContain('✓ the receiver accepts webhooks');
    expect(output).not.toContain('\u001b');
    for (const { token } of gitlab.runners.values()) expect(output).not.toContain(token);
    for (const { token } of gitlab.webhooks.values()) expect(output).not.toContain(token);
  });

  it('runs the first job', { timeout: 120_000 }, async () => {
    const job = await queue('echo first');
    const { status, trace } = await gitlab.waitForJob(job.id, undefined, 100_000);
    expect(status, trace.text).toBe('success');
    expect(gitlab.protocolErrors).toEqual([]);
  });

  it('leaves doctor with nothing to say', { timeout: 60_000 }, async () => {
    const { code, output } = await sgr('doctor --project team/app');
    expect(code, output).toBe(0);
    expect(output).not.toMatch(/broken|hook-/);
  });
});

describe('sgr init, run again', () => {
  it('updates the installation, and a running job ends undisturbed', { timeout: 6 * 60_000 }, async () => {
    const running = await queue(
      'echo begun; while [ ! -e /tmp/go ]; do sleep 1; [ $((i=i+1)) -gt 40 ] && touch /tmp/go; done',
    );
    await gitlab.waitForJob(running.id, ({ trace }) => trace.text.includes('begun'), 90_000);
    const [before] = await managerDefinitions();
    const { code, output } = await sgr(`init --project team/app --yes ${settings({ logLevel: 'DEBUG' })}`);
    expect(code, output).toBe(0);
    expect(output).toContain('keep      runner of project team/app: takes jobs with the tag fargate');
    expect(output).toMatch(/keep {6}fleet default: jobs get 0\.25 vCPU and 0\.5 GiB/);
    expect(output).toContain('webhook of project team/app, tested by GitLab');
    await gitlab.waitForJob(running.id, undefined, 120_000);
    expect(running.status, running.trace.text).toBe('success');
    expect(await managerDefinitions()).toEqual([before]);
    expect([gitlab.runners.size, gitlab.webhooks.size]).toEqual([1, 1]);
    await startNewManager(before ?? '');
  });

  /** Once the old manager is gone, the next one has the new definition. */
  async function startNewManager(before: string): Promise<void> {
    await sgr('drain --wait');
    const next = await queue('echo next');
    await gitlab.waitForJob(next.id, undefined, 100_000);
    expect(next.status, next.trace.text).toBe('success');
    const [after] = await managerDefinitions();
    expect(after).not.toBe(before);
  }

  it('adds a fleet, with a runner and a webhook of its own', { timeout: 5 * 60_000 }, async () => {
    const { code, output } = await init('--fleet big --tags big --cpu 1 --memory 4 --yes');
    expect(code, output).toBe(0);
    expect([...gitlab.runners.values()].map(({ tags }) => tags)).toEqual([['fargate'], ['big']]);
    const fleets = [...gitlab.webhooks.values()].map(({ url }) => new URL(url).searchParams.get('fleet'));
    expect(fleets).toEqual(['default', 'big']);
    const { stdout } = await sgr('status --json');
    expect(stdout).toContain('"big"');
    expect(stdout).toContain('"default"');
  });
});

describe('sgr destroy', () => {
  it('removes what init made, at AWS and at GitLab', { timeout: 6 * 60_000 }, async () => {
    const { code, output } = await sgr('destroy --now --yes');
    expect(code, output).toBe(0);
    expect([...gitlab.runners.values()].filter(({ revoked }) => !revoked)).toEqual([]);
    expect(gitlab.webhooks.size).toBe(0);
    const again = await sgr('destroy --yes');
    expect(again.output).toContain('Nothing of this installation is left in us-east-1.');
  });
});
