import type { Cleanup } from '@serverless-gitlab-runner/machine';

/** What a command of the sandbox gets to work with. */
export interface CommandContext {
  args: readonly string[];
  cleanup: Cleanup;
  /** Aborts when the command is to end. */
  signal: AbortSignal;
}

/** A command of the sandbox; its promise's value is the exit code. */
export type Command = (context: CommandContext) => Promise<number>;
