import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Job, Project } from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploySystemOptions } from '../../src/system/deploy-system.ts';
import { openFleet } from '../../src/system/open-fleet.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../src/system/test-environment.ts';
import { runSgr } from './support/run-sgr.ts';
import { type Authority, createAuthority, freePort, TlsFront } from './support/tls-front.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);

const COMMON: NonNullable<DeploySystemOptions['fleet']> = {
  manager: { checkIntervalSeconds: 1, drainPollSeconds: 0.5 },
  job: { size: { cpu: 256, memory: 512 } },
};

let environment: TestEnvironment;
let project: Project;
let front: TlsFront;
let first: Authority;
let second: Authority;

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: false });
  environment = await startTestEnvironment({
    log,
    cleanup,
    machine,
    gitlab: async (host) => {
      const port = await freePort(host);
      first = await createAuthority(machine.images.helper, 'First CA', host);
      second = await createAuthority(machine.images.helper, 'Second CA', host);
      front = await TlsFront.start(host, port, first);
      cleanup.add('the TLS front', async () => front.stop());
      return { port, externalUrl: `https://${host}:${front.port}` };
    },
    runner: { tags: ['small'], runUntagged: true },
    // Only with GitLab's API, so over TLS, the launcher knows that a job belongs to the second fleet.
    fleets: async ({ gitlab }) => ({
      apiToken: gitlab.privateToken,
      fleet: { ...COMMON, gitlabApi: {}, runner: { tagList: ['small'], runUntagged: true } },
      otherFleets: [{ ...COMMON, name: 'large', runner: { tagList: ['large'], runUntagged: false } }],
    }),
  });
  const { gitlab, system } = environment;
  const large = gitlab.createRunner({ tags: ['large'], runUntagged: false });
  await openFleet(system, { name: 'large', runnerToken: large.token });
  project = await gitlab.createProject({ path: 'team/app' });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# App\n' } });
  const url = `${system.outputs.WebhookUrl}?fleet=default`;
  gitlab.addWebhook({ url, token: system.webhookSecret, projectId: project.id });
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

async function rotate(fleet: string, ...authorities: Authority[]) {
  const file = join(tmpdir(), `${environment.machine.runId}.pem`);
  await writeFile(file, authorities.map(({ authority }) => authority).join(''));
  const args = authorities.length === 0 ? ['--remove'] : [file];
  const done = await runSgr(environment.emulator, ['rotate', 'ca', ...args, '--fleet', fleet, '--yes']);
  log(`sgr rotate ca → ${done.code}\n${done.stdout}${done.stderr}`);
  return done;
}

/** Runs a job with an artifact, and another one that takes the artifact. */
async function runPair(): Promise<Job[]> {
  const { gitlab } = environment;
  const tags = ['large'];
  const { jobs } = await gitlab.createPipeline(project, {
    stages: ['build', 'test'],
    jobs: [
      {
        ...{ name: 'build', stage: 'build', tags, artifacts: { paths: ['built.txt'] } },
        script: ['cat README.md > built.txt', 'grep -c BEGIN "$CI_SERVER_TLS_CA_FILE"'],
      },
      { name: 'test', stage: 'test', tags, script: ['grep App built.txt'] },
    ],
  });
  for (const job of jobs) await gitlab.waitForJob(job.id, undefined, 100_000);
  return jobs;
}

function expectSuccess(jobs: readonly Job[]): void {
  for (const { status, trace } of jobs) expect(status, trace.text).toBe('success');
}

describe('a GitLab with a certificate authority of its own', () => {
  it('is trusted by nobody without it', async () => {
    await expect(fetch(environment.gitlab.url)).rejects.toThrow('fetch failed');
    const done = await rotate('default', second);
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining('is not trusted')]);
  });

  it('is trusted by managers, git, artifacts and the launcher once its authority is stored', {
    timeout: 3 * 60_000,
  }, async () => {
    const { gitlab, observer, system } = environment;
    for (const fleet of ['default', 'large']) {
      const done = await rotate(fleet, first, second);
      expect(done.code, done.stderr).toBe(0);
      expect(done.stdout).toContain(`${gitlab.url} is trusted by them.`);
    }
    const jobs = await runPair();
    expectSuccess(jobs);
    expect(jobs[0]?.trace.text).toMatch(/^2$/m);
    // The launcher asked GitLab, else it would have started a manager of the webhook's fleet.
    expect(new Set(observer.tasks.map(({ fleet }) => fleet))).toEqual(new Set(['large']));
    const { events = [] } = await system.logs.send(
      new FilterLogEventsCommand({ logGroupName: '/serverless-gitlab-runner/runner-launcher' }),
    );
    expect(events.map(({ message }) => message).join('\n')).not.toMatch(/unreachable/);
    expect(gitlab.protocolErrors).toEqual([]);
  });

  it('may change to another authority that is stored, too', { timeout: 3 * 60_000 }, async () => {
    front.use(second);
    expectSuccess(await runPair());
  });

  it('is then trusted by the new authority alone', { timeout: 3 * 60_000 }, async () => {
    for (const fleet of ['default', 'large']) {
      const done = await rotate(fleet, second);
      expect(done.code, done.stderr).toBe(0);
      expect(done.stdout).toContain('- CN=First CA');
    }
    // A drained manager still runs a job that GitLab assigns to its last request.
    await environment.observer.waitUntil('the end of the drained managers', 90_000, (tasks) =>
      tasks.every(({ role, lastStatus }) => role !== 'manager' || lastStatus === 'STOPPED'),
    );
    const jobs = await runPair();
    expectSuccess(jobs);
    expect(jobs[0]?.trace.text).toMatch(/^1$/m);
  });

  it('leaves doctor and status something to say of the authority', async () => {
    const { stdout } = await runSgr(environment.emulator, ['doctor']);
    expect(stdout).toMatch(/ca-expires-soon/);
    expect(stdout).toContain('CN=Second CA');
  });

  it('has none after --remove', async () => {
    expect((await rotate('default')).code).toBe(0);
    const again = await rotate('default');
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('no certificates of its own')]);
  });
});
