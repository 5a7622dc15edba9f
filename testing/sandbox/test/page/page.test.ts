import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createLiveFeed,
  createPageServer,
  type JobRow,
  readPageFiles,
  renderSavedPage,
  type Snapshot,
} from '@serverless-gitlab-runner/cli/ui';
import { REPORTS } from '@serverless-gitlab-runner/machine';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openChromium } from './support/open-chromium.ts';
import { load, type OpenedPage, openPage } from './support/open-page.ts';
import { HOSTILE_NAME, sampleAnswer, sampleSnapshot } from './support/sample-snapshot.ts';

/** What `sgr ui` reads every five seconds. */
const INTERVAL_MS = 100;
const SCREENS = join(REPORTS, 'page');

let browser: Browser;
let server: Server;
let url: string;
/** What AWS would say. */
let read: () => Snapshot;
/** Open streams. The server reads AWS only while there is one. */
let streams: number;
let opened: OpenedPage[];

beforeAll(async () => {
  browser = await openChromium();
  mkdirSync(SCREENS, { recursive: true });
}, 10 * 60_000);

afterAll(() => browser?.close());

beforeEach(async () => {
  streams = 0;
  opened = [];
  read = () => sampleSnapshot(Date.now());
  const feed = createLiveFeed({
    read: async () => read(),
    ...{ intervalMs: INTERVAL_MS, retryMs: INTERVAL_MS },
    explain: (error) => (error as Error).message,
  });
  server = createPageServer({
    ...{ token: 'secret', files: readPageFiles() },
    feed: {
      subscribe(listener) {
        streams += 1;
        const end = feed.subscribe(listener);
        return () => {
          streams -= 1;
          end();
        };
      },
    },
    explain: async (jobId) => sampleAnswer(jobId, Date.now()),
    describe: String,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret/`;
});

afterEach(async () => {
  for (const { page } of opened) await page.context().close();
  server.closeAllConnections();
  server.close();
});

async function open(options: BrowserContextOptions = {}, address = url) {
  const one = await openPage(browser, address, { viewport: { width: 1400, height: 900 }, ...options });
  opened.push(one);
  return one.page;
}

/** Of all pages of a test. */
const problems = () => opened.flatMap((one) => one.problems);

const withoutJobs = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  jobs: [],
  managers: [],
  fleets: [],
  warnings: [],
});

describe.each([
  ['light', 'rgb(244, 246, 247)'],
  ['dark', 'rgb(16, 24, 28)'],
] as const)('in %s', (colorScheme, background) => {
  it.each([400, 720, 1150, 1400])('fits %i pixels, with a job open or not', async (width) => {
    const page = await open({ colorScheme, viewport: { width, height: 900 } });
    const overflow = () =>
      page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(background);
    expect(await overflow()).toBe(0);
    await page.screenshot({ path: join(SCREENS, `${colorScheme}-${width}.png`) });
    await page.getByRole('button', { name: 'Job 48208' }).click();
    await page.getByText('What happened').waitFor();
    expect(await overflow()).toBe(0);
    expect(await page.locator('dialog').evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth)).toBe(
      0,
    );
    await page.screenshot({ path: join(SCREENS, `${colorScheme}-${width}-job.png`) });
    expect(problems()).toEqual([]);
  });
});

describe('the page', () => {
  it('shows fleets, managers, jobs and costs', async () => {
    const page = await open();
    const text = await page.locator('body').textContent();
    for (const expected of ['runs 2 min', 'did not start', 'draining', '3 of 20', 'npx sgr redrive'])
      expect(text).toContain(expected);
    expect(await page.getByRole('img', { name: /^Manager/ }).count()).toBe(3);
    expect(await page.getByRole('table').textContent()).toMatch(/research\/segmentation[\s\S]*\$0\.0713/);
  });

  it('says that nothing runs', async () => {
    read = () => withoutJobs(sampleSnapshot(Date.now()));
    const text = await (await open()).locator('main').textContent();
    for (const expected of [
      'No job waits or runs.',
      'No job has ended within 5 min.',
      'No fleet is deployed.',
    ])
      expect(text).toContain(expected);
    expect(problems()).toEqual([]);
  });

  it('shows the chosen time, also after a reload', async () => {
    const page = await open();
    const ended = page.locator('#ended > li');
    expect(await ended.count()).toBe(6);
    await page.getByRole('radio', { name: '1 h' }).check();
    expect(await ended.count()).toBe(12);
    await load(page, url);
    expect(await ended.count()).toBe(12);
  });

  it('is live, and leaves the focus alone', async () => {
    const start = Date.now();
    let at = start;
    let added: JobRow[] = [];
    read = () => {
      const snapshot = sampleSnapshot(start);
      return { ...snapshot, at, jobs: [...added, ...snapshot.jobs] };
    };
    const page = await open();
    const lighthouse = page.getByRole('button', { name: 'lighthouse' });
    await lighthouse.focus();
    const [first] = sampleSnapshot(start).jobs;
    if (!first) throw new Error('the sample has no job');
    added = [{ ...first, id: 'new', name: 'deploy', state: 'running', startedAt: start }];
    at += 60_000;
    await page.getByRole('button', { name: 'deploy' }).waitFor();
    await expect.poll(() => lighthouse.textContent()).toContain('runs 3 min');
    expect(await page.locator('button:focus .name').textContent()).toBe('lighthouse');
  });

  it('follows the opened job', async () => {
    const start = Date.now();
    let over: Partial<JobRow> = {};
    read = () => {
      const snapshot = sampleSnapshot(start);
      return {
        ...snapshot,
        jobs: snapshot.jobs.map((job, index) => (index === 0 ? { ...job, ...over } : job)),
      };
    };
    const page = await open();
    await page.getByRole('button', { name: 'Job 48210' }).click();
    await page.getByRole('dialog').getByText('waits').waitFor();
    over = { state: 'running', name: 'deploy', startedAt: start };
    await page.getByRole('dialog', { name: 'deploy' }).getByText('runs').first().waitFor();
  });

  it('says what could not be read, until it can', async () => {
    const page = await open();
    read = () => {
      throw new Error('The AWS credentials have expired');
    };
    await page.getByRole('alert').getByText('The AWS credentials have expired').waitFor();
    read = () => sampleSnapshot(Date.now());
    await page.getByRole('alert').waitFor({ state: 'hidden' });
  });

  it('says that its server has ended', async () => {
    const page = await open();
    server.closeAllConnections();
    server.close();
    await page.getByText('no connection: does sgr ui still run?').waitFor();
  });

  it('costs no call to AWS while nobody sees it', async () => {
    const page = await open();
    const show = (hidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'));`,
      );
    await expect.poll(() => streams).toBe(1);
    await show(true);
    await expect.poll(() => streams).toBe(0);
    await show(false);
    await expect.poll(() => streams).toBe(1);
    await page.locator('#live[data-state=live]').waitFor();
  });
});

describe('by keyboard', () => {
  it('a job is found, opened, left and closed', async () => {
    const page = await open();
    const focused = () => page.locator('button:focus .name').textContent();
    const title = page.locator('dialog h2');
    await page.keyboard.press('/');
    await page.keyboard.type('storefront');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('lighthouse');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('e2e: search');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByText('What happened').waitFor();
    expect(await title.textContent()).toBe('lighthouse');
    await page.getByRole('button', { name: 'Next job' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => title.textContent()).toBe('e2e: search');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(await focused()).toBe('e2e: search');
    expect(problems()).toEqual([]);
  });

  it('all jobs are one stop of the Tab key', async () => {
    const page = await open();
    expect(await page.locator('button.job[tabindex="0"]').count()).toBe(1);
  });

  it('an address opens a job, and Back closes it', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'lighthouse' }).click();
    const address = page.url();
    const dialog = page.getByRole('dialog', { name: 'lighthouse' });
    await dialog.waitFor();
    await page.goBack();
    await dialog.waitFor({ state: 'hidden' });
    await (await open({}, address)).getByRole('dialog', { name: 'lighthouse' }).waitFor();
  });
});

describe('names that others choose', () => {
  it('are text, wherever they appear', async () => {
    read = () => {
      const snapshot = sampleSnapshot(Date.now());
      const hostile = { name: HOSTILE_NAME, project: HOSTILE_NAME, ref: HOSTILE_NAME };
      return {
        ...snapshot,
        warnings: [HOSTILE_NAME],
        fleets: snapshot.fleets.map((fleet) => ({ ...fleet, name: HOSTILE_NAME, problem: HOSTILE_NAME })),
        managers: snapshot.managers.map((manager) => ({ ...manager, fleet: HOSTILE_NAME })),
        jobs: snapshot.jobs.map((job) => ({
          ...job,
          ...hostile,
          pageUrl: 'javascript:document.title="hacked"',
        })),
        costs: {
          ...snapshot.costs,
          rows: snapshot.costs.rows.map((row) => ({ ...row, name: HOSTILE_NAME })),
        },
      };
    };
    const page = await open();
    await page.locator('button.job').first().click();
    await page.getByText('What happened').waitFor();
    expect(await page.locator('img, [onerror], a[href^="javascript"]').count()).toBe(0);
    expect(await page.title()).toBe('serverless-gitlab-runner');
    expect(await page.locator('dialog h2').textContent()).toBe(HOSTILE_NAME);
    expect(problems()).toEqual([]);
  });

  it('could not become HTML even by mistake', async () => {
    const page = await open();
    const attempt = page.evaluate(`document.body.innerHTML = ${JSON.stringify(HOSTILE_NAME)}`);
    await expect(attempt).rejects.toThrow(/TrustedHTML/);
  });
});

describe('a saved page', () => {
  /** A project cannot be called that; a saved page holds even if it could. */
  const PROJECT = `</script>${HOSTILE_NAME}`;
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'saved-page-'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  /** Opened from a file, a day later, with a server that nobody may ask. */
  async function openSaved() {
    const at = Date.now() - 24 * 60 * 60_000;
    const file = join(folder, 'saved.html');
    const answers = { 48210: sampleAnswer(48210, at) };
    const sample = sampleSnapshot(at);
    const jobs = sample.jobs.map((job) => ({ ...job, project: PROJECT }));
    writeFileSync(file, renderSavedPage(readPageFiles(), { snapshot: { ...sample, jobs }, answers }));
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const page = await context.newPage();
    const found: string[] = [];
    page.on('console', (message) => found.push(message.text()));
    page.on('pageerror', (error) => found.push(String(error)));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) found.push(request.url());
    });
    opened.push({ page, problems: found });
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  it('shows what was, needs nothing, and runs nothing of a job', async () => {
    const page = await openSaved();
    await page.getByText('saved on').waitFor();
    expect(await page.locator('#ended > li').count()).toBe(6);
    expect(await page.locator('body').textContent()).toContain(PROJECT);
    expect(await page.title()).toBe('serverless-gitlab-runner');
    expect(problems()).toEqual([]);
    await page.screenshot({ path: join(SCREENS, 'saved.png') });
  });

  it('explains jobs that had not ended, and closes them', async () => {
    const page = await openSaved();
    await page.getByRole('button', { name: 'Job 48210' }).click();
    await page.getByText('What happened').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Job 48208' }).click();
    await page.getByText('Not in this saved page: run sgr why 48208').waitFor();
    expect(problems()).toEqual([]);
  });
});
