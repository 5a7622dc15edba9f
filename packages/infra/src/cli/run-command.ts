import { explainFailure } from '@serverless-gitlab-runner/aws/calls';
import { UsageError } from './parse-options.ts';

/** An operation failed. The message says what to do, so it is printed without a stack trace. */
export class OperationError extends Error {
  override readonly name: string = 'OperationError';
}

export interface CommandLine {
  readonly args: readonly string[];
  /** Prints a line of the result to stdout. */
  readonly print: (line: string) => void;
  /** Prints a line of progress to stderr. */
  readonly log: (line: string) => void;
}

export interface Command {
  /** Printed by `--help`, before anything else is parsed. */
  readonly help: string;
  /** Runs the command; `false` means that it is incomplete (exit code 1). */
  readonly run: (line: CommandLine) => Promise<boolean>;
}

/** Runs a command of this package with the process's arguments and sets the exit code: 2 for an invalid command line. */
export async function runCommand({ help, run }: Command): Promise<void> {
  const args = process.argv.slice(2).filter((arg) => arg !== '--');
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(help);
    return;
  }
  try {
    const done = await run({
      args,
      print: (line) => void process.stdout.write(`${line}\n`),
      log: (line) => void process.stderr.write(`${line}\n`),
    });
    process.exitCode = done ? 0 : 1;
  } catch (error) {
    const explanation = explainError(error);
    if (explanation === undefined) throw error;
    process.stderr.write(`${explanation}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** Explains an expected error, with a solution; undefined for an unexpected one. */
export function explainError(error: unknown): string | undefined {
  if (error instanceof UsageError || error instanceof OperationError) return error.message;
  return explainFailure(error);
}
