import type { Cleanup } from '@serverless-gitlab-runner/machine';

export interface CommandContext {
  args: readonly string[];
  cleanup: Cleanup;
  /** Aborts when the command must end. */
  signal: AbortSignal;
}

/** A command of the sandbox. Resolves with its exit code. */
export type Command = (context: CommandContext) => Promise<number>;
