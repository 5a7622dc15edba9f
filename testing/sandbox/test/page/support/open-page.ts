import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/**
 * Chromium drops its connections, also local ones, when a network interface comes or goes, as with each container of a test that
 * runs beside this one.
 */
const NETWORK_CHANGED = /ERR_NETWORK_CHANGED|ERR_NETWORK_IO_SUSPENDED/;

const ATTEMPTS = 10;
const READ_TIMEOUT_MS = 5000;

export interface OpenedPage {
  page: Page;
  /** What the console and uncaught errors said. */
  problems: string[];
}

/** Opens the page of `sgr ui`, and waits until it has shown what its server reads. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (!NETWORK_CHANGED.test(message.text())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await load(page, url);
  return { page, problems };
}

/** Loads the page, again if that failed, until it is live. */
export async function load(page: Page, url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await page.goto(url);
      return await page.locator('#live[data-state=live]').waitFor({ timeout: READ_TIMEOUT_MS });
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
