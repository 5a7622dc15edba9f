import { spawn } from 'node:child_process';

export interface CommandOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Receives each line of stdout and stderr as it arrives. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

export interface CommandResult {
  ok: boolean;
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command failed. The message has the end of its output. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
}

/** Runs a command and returns its output, whatever its exit code. A program that does not exist counts as a failure. */
export function tryCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const stdout = collect(child.stdout, options.onLine);
    const stderr = collect(child.stderr, options.onLine);
    child.on('error', (error) => resolve({ ok: false, code: null, stdout: stdout(), stderr: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, code, stdout: stdout(), stderr: stderr() }));
  });
}

/**
 * Runs a command and returns its stdout.
 * @throws {CommandFailedError} if its exit code is not 0
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await tryCommand(program, args, options);
  if (result.ok) return result.stdout;
  const output = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new CommandFailedError(
    `${program} ${args.slice(0, 3).join(' ')} … ended with ${result.code ?? 'no exit code'}:\n${output}`,
  );
}

function collect(stream: NodeJS.ReadableStream, onLine: ((line: string) => void) | undefined): () => string {
  let text = '';
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    if (!onLine) return;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  });
  return () => text;
}

/**
 * Runs a command on this terminal and returns its exit code. When `signal` aborts, sends SIGTERM to the command and waits
 * for its end.
 */
export function runAttached(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(program, args, { cwd: options.cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
    options.signal?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
