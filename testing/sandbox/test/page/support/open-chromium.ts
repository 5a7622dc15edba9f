import { ensureChromium, logToStderr } from '@serverless-gitlab-runner/machine';
import { type Browser, chromium } from 'playwright-core';

/** Chromium's own traffic, and what a machine without a display or a user namespace lacks. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a Chromium, which is installed if it is missing. */
export async function openChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: await ensureChromium(logToStderr), args: ARGS });
}
