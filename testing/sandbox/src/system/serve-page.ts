import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Cleanup, NODE_BINARY, REPOSITORY_ROOT, runCommand } from '@serverless-gitlab-runner/machine';

const SGR = join(REPOSITORY_ROOT, 'packages/cli/src/sgr.ts');
const UI = ['ui', '--hours', '1'];

/** The environment of an operator for whom the emulator is AWS. */
function operatorOf(endpoint: string): Record<string, string> {
  return {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'operator', AWS_SECRET_ACCESS_KEY: 'test' },
  };
}

/** A running `sgr ui`. */
export interface ServedPage {
  url: string;
  /** Asks it to end, as Ctrl-C does, and returns its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Runs `sgr ui` for the installation in an emulator, until it is stopped or cleaned up.
 * @param endpoint of the emulator
 */
export async function servePage(endpoint: string, cleanup: Cleanup): Promise<ServedPage> {
  const sgr = spawn(NODE_BINARY, [SGR, ...UI], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...operatorOf(endpoint) },
  });
  const exited = once(sgr, 'exit');
  const stop = async () => {
    sgr.kill('SIGINT');
    const [code] = (await exited) as [number | null];
    return code;
  };
  cleanup.add('sgr ui', async () => void (await stop()));
  const ended = exited.then(([code]) => {
    throw new Error(`sgr ui ended with ${code}`);
  });
  const printed = once(createInterface(sgr.stdout), 'line');
  const [url] = (await Promise.race([printed, ended])) as [string];
  ended.catch(() => undefined);
  return { url, stop };
}

/** Runs `sgr ui --save` for the installation in an emulator. */
export async function savePage(endpoint: string, file: string): Promise<void> {
  await runCommand(NODE_BINARY, [SGR, ...UI, '--save', file], { env: operatorOf(endpoint) });
}
