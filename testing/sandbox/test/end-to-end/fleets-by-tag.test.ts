import type { GitLabDouble, Job } from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploySystemOptions, System } from '../../src/system/deploy-system.ts';
import type { ObservedTask, TaskObserver } from '../../src/system/observe-tasks.ts';
import { openFleet } from '../../src/system/open-fleet.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';
import { startTestEnvironment } from '../../src/system/test-environment.ts';
import { runSgr } from './support/run-sgr.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);
/** The only fleet with a webhook. With its API token the launcher reads the jobs' tags. */
const DEFAULT_FLEET: NonNullable<DeploySystemOptions['fleet']> = {
  manager: { checkIntervalSeconds: 1, drainPollSeconds: 0.5 },
  job: { size: { cpu: 256, memory: 512 } },
  gitlabApi: {},
  runner: { tagList: ['small'], runUntagged: true },
};
/** It has neither a webhook nor an API token. */
const LARGE_FLEET: NonNullable<DeploySystemOptions['otherFleets']>[number] = {
  name: 'large',
  manager: DEFAULT_FLEET.manager,
  job: DEFAULT_FLEET.job,
  runner: { tagList: ['large', 'linux'], runUntagged: false },
};

let gitlab: GitLabDouble;
let system: System;
let observer: TaskObserver;
let jobs: Map<string, Job>;
let endpoint: string;
/** What `sgr why` said of the job "small" from when it was queued, without repetitions. */
let states: string[];

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: false });
  const environment = await startTestEnvironment({
    log,
    cleanup,
    machine,
    runner: { tags: ['small'], runUntagged: true },
    fleets: async (started) => ({
      apiToken: started.gitlab.privateToken,
      fleet: DEFAULT_FLEET,
      otherFleets: [LARGE_FLEET],
    }),
  });
  ({ gitlab, system, observer } = environment);
  ({ endpoint } = environment.emulator);
  const large = gitlab.createRunner({ tags: ['large', 'linux'], runUntagged: false });
  await openFleet(system, { name: 'large', runnerToken: large.token });
  jobs = await queueJobs({ untagged: [], small: ['small'], large: ['large'], unmatched: ['gpu'] });
  states = await statesUntilEnd(idOf('small'));
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

async function queueJobs(tags: Readonly<Record<string, string[]>>): Promise<Map<string, Job>> {
  const project = await gitlab.createProject({ path: 'teams/shop' });
  const url = `${system.outputs.WebhookUrl}?fleet=default`;
  gitlab.addWebhook({ url, token: system.webhookSecret, projectId: project.id });
  await gitlab.pushCommit(project, { message: 'jobs with tags', files: { 'README.md': '# Shop\n' } });
  const pipeline = await gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: Object.entries(tags).map(([name, list]) => ({ name, tags: list, stage: 'test', script: ['true'] })),
  });
  return new Map(pipeline.jobs.map((job) => [job.name, job]));
}

function idOf(name: string): number {
  const job = jobs.get(name);
  if (!job) throw new Error(`the pipeline has no job ${name}`);
  return job.id;
}

/** Runs `sgr` as a user does, and returns its JSON. @throws if it fails */
async function sgr(args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runSgr({ endpoint }, [...args, '--json'], env);
  if (code !== 0) throw new Error(`sgr ${args.join(' ')} failed: ${stderr}`);
  return JSON.parse(stdout);
}

async function statesUntilEnd(jobId: number): Promise<string[]> {
  const seen: string[] = [];
  const deadline = Date.now() + 120_000;
  while (seen.at(-1) !== 'ended' && Date.now() < deadline) {
    const { state } = await sgr(['why', `${jobId}`]);
    if (seen.at(-1) !== state) seen.push(state);
  }
  return seen;
}

const managers = (): ObservedTask[] => observer.tasks.filter(({ role }) => role === 'manager');

describe('one webhook for several fleets, with an API token', () => {
  it.each([
    ['untagged', 'default'],
    ['small', 'default'],
    ['large', 'large'],
  ])('runs the job "%s" in the fleet %s', { timeout: 120_000 }, async (name, fleet) => {
    const job = jobs.get(name);
    if (!job) throw new Error(`the pipeline has no job ${name}`);
    await gitlab.waitForJob(job.id, undefined, 100_000);
    expect(job.status, job.trace.text).toBe('success');
    const tasks = observer.tasks.filter(({ jobId }) => jobId === job.id);
    expect(tasks.map((task) => task.fleet)).toEqual([fleet]);
  });

  it('starts one manager for each fleet with a job, and none for a job that matches no fleet', async () => {
    await gitlab.deliveriesSettled();
    expect(
      managers()
        .map(({ fleet }) => fleet)
        .sort(),
    ).toEqual(['default', 'large']);
    expect(jobs.get('unmatched')?.status).toBe('pending');
  });

  it('explains each job with sgr why', async () => {
    const order = ['unknown', 'queued', 'starting', 'running', 'ended'];
    expect(states).toEqual(order.filter((state) => states.includes(state)));
    expect(states).toEqual(expect.arrayContaining(['queued', 'ended']));
    const small = await sgr(['why', `${idOf('small')}`]);
    const steps: string[] = small.steps.map(({ what }: { what: string }) => what);
    expect(steps[0]).toBe('webhook accepted for fleet default');
    expect(steps).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^launcher: (started a manager|a manager runs) for it/),
        expect.stringMatching(/^task [0-9a-f]{8} requested$/),
        ...['pull of the images started', 'task runs', 'task has ended'],
      ]),
    );
    expect(await sgr(['why', `${idOf('unmatched')}`])).toMatchObject({
      state: 'queued',
      summary: "No fleet's runner takes it: its tags are gpu",
    });
    expect(await sgr(['why', '99999999'])).toMatchObject({ state: 'unknown', steps: [] });
  });

  it('asks GitLab with a token: which runners take a job, and what is wrong with its project', async () => {
    const token = { GITLAB_TOKEN: gitlab.privateToken };
    const page = `${gitlab.url}/teams/shop/-/jobs/${idOf('unmatched')}`;
    expect(await sgr(['why', page], token)).toMatchObject({
      state: 'queued',
      summary: 'No runner of its project takes it: its tags are gpu',
      advice: [expect.stringContaining('lacks the tag gpu'), expect.stringContaining('lacks the tag gpu')],
    });
    expect(await sgr(['why', `${idOf('small')}`], token)).toMatchObject({ state: 'ended' });
    const args = ['doctor', '--project', 'teams/shop', '--json'];
    const { code, stdout } = await runSgr({ endpoint }, args, token);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ check: 'job-without-runner' })]);
  });

  it('shows both fleets, their managers and dead letters with sgr status', async () => {
    expect(await sgr(['status'])).toMatchObject({
      region: 'us-east-1',
      fleets: [
        { name: 'default', runnerToken: true, webhookSecret: true },
        { name: 'large', runnerToken: true, webhookSecret: true },
      ],
      managers: expect.arrayContaining([
        expect.objectContaining({ fleet: 'large', state: 'running', jobs: 0 }),
      ]),
      jobTasks: [],
      queue: { launcherDeadLetters: 0, reaperDeadLetters: 0 },
    });
  });

  it('makes no request that GitLab refuses', () => {
    expect(gitlab.protocolErrors).toEqual([]);
  });
});
