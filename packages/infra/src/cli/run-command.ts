import { UsageError } from './parse-options.ts';

/** An operation could not be done. The message says what to do; nobody needs its stack. */
export class OperationError extends Error {
  override readonly name: string = 'OperationError';
}

export interface CommandLine {
  readonly args: readonly string[];
  /** Writes a line of the result. */
  readonly print: (line: string) => void;
  /** Writes a line of progress. */
  readonly log: (line: string) => void;
}

export interface Command {
  /** Printed by `--help`, before anything else is looked at. */
  readonly help: string;
  /** Does it; `false` means that something is left to do, and exit code 1. */
  readonly run: (line: CommandLine) => Promise<boolean>;
}

/** Runs a command of this package with the process's arguments and sets the exit code: 2 for a wrong command line. */
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
    const words = explainError(error);
    if (words === undefined) throw error;
    process.stderr.write(`${words}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** What an expected error says, with the way out; undefined for an unexpected one. */
export function explainError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof UsageError || error instanceof OperationError) return error.message;
  if (error.message.includes('Region is missing'))
    return 'No AWS region is chosen: set AWS_REGION, or a region in the profile that AWS_PROFILE names.';
  switch (error.name) {
    case 'CredentialsProviderError':
      return `No AWS credentials: set AWS_PROFILE, or run \`aws sso login\`. (${error.message})`;
    case 'ExpiredToken':
    case 'ExpiredTokenException':
      return 'The AWS credentials have expired: log in again, for example by `aws sso login`.';
    case 'AccessDenied':
    case 'AccessDeniedException':
      return `AWS denied a call, so these credentials need another policy: ${error.message}`;
    case 'TimeoutError':
      return `AWS did not answer in time: ${error.message}. Check the network and the region, and run the command again.`;
    default:
      return 'code' in error && String(error.code).startsWith('E')
        ? `AWS cannot be reached (${String(error.code)}): check the network, a proxy and the region.`
        : undefined;
  }
}
