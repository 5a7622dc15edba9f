import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { OperationError } from '../cli/run-command.ts';

/** `packages/infra`, where `cdk.json` is. */
export const INFRA_DIRECTORY = fileURLToPath(new URL('../..', import.meta.url));

/** A deployment failed. The message says what CloudFormation says of it, or ends with what CDK printed last. */
export class DeployError extends OperationError {
  override readonly name = 'DeployError';
}

export interface RunCdkOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Gets each line that CDK prints. */
  readonly log: (line: string) => void;
  /** Ends CDK, and with it what it started. */
  readonly signal?: AbortSignal | undefined;
}

const LINES_IN_ERROR = 30;

/**
 * Runs the CDK CLI in `packages/infra` and waits for its end.
 * @throws {DeployError} when it ends with anything but 0; the signal's reason (an `AbortError`) when that ended it
 */
export async function runCdk(args: readonly string[], options: RunCdkOptions): Promise<void> {
  const { log, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [cdkProgram(), ...args], {
    cwd: INFRA_DIRECTORY,
    env: {
      ...process.env,
      ...options.environment,
      PATH: pathWithThisNode(),
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own can be ended with all that CDK started, its app for one; without a signal, Ctrl-C does that.
    detached: signal !== undefined,
  });
  const last: string[] = [];
  const take = (line: string) => {
    last.push(line);
    if (last.length > LINES_IN_ERROR) last.shift();
    log(line);
  };
  eachLine(child.stdout, take);
  eachLine(child.stderr, take);
  const abort = () => endGroup(child);
  signal?.addEventListener('abort', abort, { once: true });
  const code = await ended(child);
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  if (code !== 0)
    throw new DeployError(`cdk ${args[0]} ended with ${code ?? 'a signal'}:\n${last.join('\n')}`);
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  process.kill(-child.pid, 'SIGTERM');
}

function eachLine(input: Readable, take: (line: string) => void): void {
  createInterface({ input }).on('line', (line) => {
    if (line.trim() !== '') take(line);
  });
}

/** `cdk.json` says `node`: it has to be this one, which reads TypeScript, not the machine's. */
function pathWithThisNode(): string {
  return [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter);
}

function cdkProgram(): string {
  const manifest = createRequire(import.meta.url).resolve('aws-cdk/package.json');
  return join(dirname(manifest), 'bin', 'cdk');
}
