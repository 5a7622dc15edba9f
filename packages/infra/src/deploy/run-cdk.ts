import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { OperationError } from '../cli/run-command.ts';
import { PACKAGE_DIRECTORY } from '../product-files.ts';

/** A deployment failed. The message has CloudFormation's reason, or CDK's last lines of output. */
export class DeployError extends OperationError {
  override readonly name = 'DeployError';
}

export interface RunCdkOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Receives each line that CDK prints. */
  readonly log: (line: string) => void;
  /** Ends CDK and its child processes. */
  readonly signal?: AbortSignal | undefined;
}

const LINES_IN_ERROR = 30;

/**
 * Runs the CDK CLI in this package and waits until it exits.
 * @throws {DeployError} if the exit code is not 0; the signal's reason (an `AbortError`) if the signal ended it
 */
export async function runCdk(args: readonly string[], options: RunCdkOptions): Promise<void> {
  const { log, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [cdkProgram(), ...args], {
    cwd: PACKAGE_DIRECTORY,
    env: {
      ...process.env,
      ...options.environment,
      PATH: pathWithCurrentNode(),
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A separate process group can be ended with all of CDK's children, such as its app. Without a signal, Ctrl-C does that.
    detached: signal !== undefined,
  });
  const lastLines: string[] = [];
  const onLine = (line: string) => {
    lastLines.push(line);
    if (lastLines.length > LINES_IN_ERROR) lastLines.shift();
    log(line);
  };
  eachLine(child.stdout, onLine);
  eachLine(child.stderr, onLine);
  const abort = () => endGroup(child);
  signal?.addEventListener('abort', abort, { once: true });
  const code = await exitCodeOf(child);
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  if (code !== 0)
    throw new DeployError(`cdk ${args[0]} ended with ${code ?? 'a signal'}:\n${lastLines.join('\n')}`);
}

function exitCodeOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  process.kill(-child.pid, 'SIGTERM');
}

function eachLine(input: Readable, onLine: (line: string) => void): void {
  createInterface({ input }).on('line', (line) => {
    if (line.trim() !== '') onLine(line);
  });
}

/** `cdk.json` runs `node`, which must be this one, because it runs TypeScript; the machine's may not. */
function pathWithCurrentNode(): string {
  return [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter);
}

function cdkProgram(): string {
  const manifest = createRequire(import.meta.url).resolve('aws-cdk/package.json');
  return join(dirname(manifest), 'bin', 'cdk');
}
