/**
 * Test files of one worker share its process and the modules of `node_modules` (`isolate: false`): what a file replaces must not
 * last into the next one. Each file has this repository's own modules anew.
 */
import { createRequire } from 'node:module';
import { afterAll, vi } from 'vitest';

/** The instance with which aws-sdk-client-mock replaces the methods of the SDK's clients. */
const clientMock = createRequire(import.meta.url).resolve('aws-sdk-client-mock');
const sinon: { restore(): void } = createRequire(clientMock)('sinon');

vi.resetModules();

const environment = { ...process.env };

afterAll(() => {
  sinon.restore();
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
