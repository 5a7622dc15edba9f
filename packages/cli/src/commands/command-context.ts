import { InvalidArgumentError } from 'commander';
import type { Terminal } from '../terminal.ts';

/** What a command needs of the command line around it. */
export interface CommandContext {
  terminal: Terminal;
  /** Sets exit code 1: the command ran, and found something wrong or left something undone. */
  fail: () => void;
}

/** A token for GitLab's API. It is neither an option, which others could read in the list of processes, nor stored. */
export function gitlabToken(): string | undefined {
  return process.env.GITLAB_TOKEN || undefined;
}

/** Parses an option. @throws {InvalidArgumentError} */
export function positiveNumber(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('Write a positive number.');
  return number;
}
