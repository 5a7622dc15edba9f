import type { GitLabDouble, Job } from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploySystemOptions, System } from '../../src/system/deploy-system.ts';
import type { ObservedTask, TaskObserver } from '../../src/system/observe-tasks.ts';
import { openFleet } from '../../src/system/open-fleet.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';
import { startTestEnvironment } from '../../src/system/test-environment.ts';

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
  const large = gitlab.createRunner({ tags: ['large', 'linux'], runUntagged: false });
  await openFleet(system, { name: 'large', runnerToken: large.token });
  jobs = await queueJobs({ untagged: [], small: ['small'], large: ['large'], unmatched: ['gpu'] });
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

async function queueJobs(tags: Readonly<Record<string, string[]>>): Promise<Map<string, Job>> {
  const project = await gitlab.createProject({ path: 'teams/shop' });
  gitlab.addWebhook({ url: system.webhookUrl, token: system.webhookSecret, projectId: project.id });
  await gitlab.pushCommit(project, { message: 'jobs with tags', files: { 'README.md': '# Shop\n' } });
  const pipeline = await gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: Object.entries(tags).map(([name, list]) => ({ name, tags: list, stage: 'test', script: ['true'] })),
  });
  return new Map(pipeline.jobs.map((job) => [job.name, job]));
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

  it('makes no request that GitLab refuses', () => {
    expect(gitlab.protocolErrors).toEqual([]);
  });
});
