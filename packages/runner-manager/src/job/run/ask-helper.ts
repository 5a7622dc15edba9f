import { spawn } from 'node:child_process';
import { pipeline, Readable } from 'node:stream';
import { SystemFailureError } from '../../errors.ts';

/** Output of a command that ran over the connection. */
export interface CommandOutput {
  stdout: string;
  stderr: string;
}

export interface AskOptions {
  /** The command's standard input, as one text or in pieces that are produced as it reads. Default: empty. */
  input?: string | Iterable<string>;
  /** Cancels the request, which then rejects with an `AbortError`. */
  signal?: AbortSignal;
  /** Maximum milliseconds until the answer. Default 30,000. */
  deadlineMs?: number;
}

/** The helper's answer was too long or too late. A job can replace the helper, so its answers are bounded like the job's own. */
export class HelperAnswerError extends SystemFailureError {
  override readonly name = 'HelperAnswerError';
}

/** Maximum bytes of an answer. An unmodified helper needs less than a tenth of it. */
const MAX_BYTES = { stdout: 65_536, stderr: 4096 } as const;
const DEADLINE_MS = 30_000;

/**
 * Runs one command over the shared connection.
 * @param args `ssh` arguments that select that connection
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
  // A helper that ends while input is written to it is reported by the exit code.
  pipeline(Readable.from(typeof input === 'string' ? [input] : input), child.stdin, () => {});
  return new Promise((resolve, reject) => {
    const stop = (error: Error) => {
      // After ssh is killed, its master still holds the other ends of the pipes.
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
        if (bytes <= MAX_BYTES[name]) return void chunks.push(chunk);
        stop(new HelperAnswerError(`The helper answered with more than ${MAX_BYTES[name]} bytes`));
      });
      return () => Buffer.concat(chunks).toString('utf8');
    };
    const [stdout, stderr] = [collect('stdout'), collect('stderr')];
    child.once('error', (cause) => {
      const isLate = deadline.aborted && !signal?.aborted;
      stop(
        isLate
          ? new HelperAnswerError(`The helper did not answer within ${deadlineMs} ms`, { cause })
          : cause,
      );
    });
    child.once('close', (code) => {
      if (code !== 255) return resolve({ stdout: stdout(), stderr: stderr() });
      reject(new SystemFailureError(`The connection to the job task failed: ${stderr().trim()}`));
    });
  });
}
