import type { Job, Project } from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup } from '@serverless-gitlab-runner/machine';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepareMachine } from '../../src/system/prepare-machine.ts';
import { type ServedPage, servePage } from '../../src/system/serve-page.ts';
import { startTestEnvironment, type TestEnvironment } from '../../src/system/test-environment.ts';
import { openChromium } from '../page/support/open-chromium.ts';
import { openPage } from '../page/support/open-page.ts';
import { HOSTILE_NAME } from '../page/support/sample-snapshot.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);

let environment: TestEnvironment;
let project: Project;
let browser: Browser;
let served: ServedPage;
let page: Page;
let problems: string[];
let job: Job;

beforeAll(async () => {
  browser = await openChromium();
  cleanup.add('the browser', () => browser.close());
  const machine = await prepareMachine({ log, cleanup, demoImages: false });
  environment = await startTestEnvironment({
    ...{ log, cleanup, machine },
    runner: { description: 'the default fleet' },
    fleets: async () => ({
      fleet: {
        manager: { idleSeconds: 10, checkIntervalSeconds: 1, drainPollSeconds: 0.5 },
        job: { size: { cpu: 256, memory: 512 } },
      },
    }),
  });
  const { gitlab, system, emulator } = environment;
  project = await gitlab.createProject({ path: 'team/app' });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# App\n' } });
  const { webhookUrl: url, webhookSecret: token } = system;
  gitlab.addWebhook({ url, token, projectId: project.id, events: { pipeline: false } });
  served = await servePage(emulator.endpoint, cleanup);
  ({ page, problems } = await openPage(browser, served.url));
}, 8 * 60_000);

afterAll(() => cleanup.run(), 60_000);

const row = () => page.getByRole('button', { name: HOSTILE_NAME });

it('shows a new installation, in which nothing runs', async () => {
  await page.getByText('No job waits or runs.').waitFor();
  expect(await page.locator('#fleets').textContent()).toContain('default');
});

it('shows a job while it runs, and why', { timeout: 3 * 60_000 }, async () => {
  const { jobs } = await environment.gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: [{ name: HOSTILE_NAME, stage: 'test', script: ['echo begun; sleep 25'] }],
  });
  if (!jobs[0]) throw new Error('the pipeline has no job');
  [job] = jobs as [Job];
  await row().getByText('runs').waitFor({ timeout: 120_000 });
  expect(await row().locator('.bar[data-phase=running]').count()).toBe(1);
  await page.getByRole('img', { name: /^Manager .*: running.*, 1 job$/ }).waitFor();
  await row().press('Enter');
  await page.getByText('It runs in its task').waitFor();
  const steps = await page.locator('.step').allTextContents();
  for (const expected of ['webhook accepted for fleet default', 'started a manager for it', 'task runs'])
    expect(steps.join('\n')).toContain(expected);
  await page.keyboard.press('Escape');
});

it('shows its end, and what its project cost', { timeout: 2 * 60_000 }, async () => {
  const { status } = await environment.gitlab.waitForJob(job.id, undefined, 90_000);
  expect(status).toBe('success');
  await row().getByText('done').waitFor({ timeout: 60_000 });
  expect(await row().textContent()).toMatch(/waited \d+ s · ran \d+ s · \$0\.\d{4}/);
  await page.getByRole('row', { name: /team\/app/ }).waitFor();
  expect(await page.title()).toBe('serverless-gitlab-runner');
  expect(problems).toEqual([]);
});

it('shows that everything is back to zero', { timeout: 3 * 60_000 }, async () => {
  const managers = () => page.locator('#managers-count').textContent();
  await expect.poll(managers, { timeout: 150_000, interval: 1000 }).toBe('0');
});

it('ends at Ctrl-C', async () => {
  expect(await served.stop()).toBe(0);
});
