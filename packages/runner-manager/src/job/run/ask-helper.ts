import { spawn } from 'node:child_process';
import { pipeline, Readable } from 'node:stream';
import { SystemFailureError } from '../../errors.ts';

/** What a command through the connection printed. */
export interface CommandOutput {
  stdout: string;
  stderr: string;
}

export interface AskOptions {
  /** What the command reads, at once or piece by piece as it takes them. Default nothing. */
  input?: string | Iterable<string>;
  /** Ends the request when it aborts; it then rejects with an `AbortError`. */
  signal?: AbortSignal;
  /** Milliseconds that the answer may take. Default 30,000. */
  deadlineMs?: number;
}

/** The helper answered too much, or not in time: a job can replace it, so its answers are bounded like the job's own. */
export class HelperAnswerError extends SystemFailureError {
  override readonly name = 'HelperAnswerError';
}

/** Bytes of an answer: what the helper says by itself is below a tenth of it. */
const MOST_BYTES = { stdout: 65_536, stderr: 4096 } as const;
const DEADLINE_MS = 30_000;

/**
 * Runs one command over the shared connection.
 * @param args how `ssh` finds that connection
 * @throws {HelperAnswerError} when the answer is too long or comes too late; `ssh` is killed then
 * @throws {SystemFailureError} when the connection fails; the command's own failures are in its output
 */
export function askHelper(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  command: string,
  { input = '', signal, deadlineMs = DEADLINE_MS }: AskOptions = {},
): Promise<CommandOutput> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const child = spawn('ssh', [...args, command], {
    env: environment,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    killSignal: 'SIGKILL',
  });
  // A helper that ends while it is written to is reported by the exit code.
  pipeline(Readable.from(typeof input === 'string' ? [input] : input), child.stdin, () => {});
  return new Promise((resolve, reject) => {
    const stop = (error: Error) => {
      // With ssh killed, its master still holds the pipes' other ends.
      child.stdout.destroy();
      child.stderr.destroy();
      child.kill('SIGKILL');
      reject(error);
    };
    const collect = (name: 'stdout' | 'stderr') => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      child[name].on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MOST_BYTES[name]) return void chunks.push(chunk);
        stop(new HelperAnswerError(`the helper answered more than ${MOST_BYTES[name]} bytes`));
      });
      return () => Buffer.concat(chunks).toString('utf8');
    };
    const [stdout, stderr] = [collect('stdout'), collect('stderr')];
    child.once('error', (cause) => {
      const isLate = deadline.aborted && !signal?.aborted;
      stop(
        isLate
          ? new HelperAnswerError(`the helper did not answer within ${deadlineMs} ms`, { cause })
          : cause,
      );
    });
    child.once('close', (code) => {
      if (code !== 255) return resolve({ stdout: stdout(), stderr: stderr() });
      reject(new SystemFailureError(`the connection to the job task failed: ${stderr().trim()}`));
    });
  });
}
