import { readFile } from 'node:fs/promises';
import { BuildError, UnknownExitCodeError } from '../errors.ts';
import type { HookExit } from './run-hook.ts';

/** Values of `BUILD_FAILURE_EXIT_CODE` and `SYSTEM_FAILURE_EXIT_CODE` in the environment of hooks. */
export const BUILD_FAILURE_EXIT_CODE = 1;
export const SYSTEM_FAILURE_EXIT_CODE = 2;

/**
 * Interprets a hook's exit. For a build failure, the script's own exit code is read from `exitCodeFile` if the driver wrote it
 * (docs/executors/custom.md, "Error handling").
 * @throws BuildError, UnknownExitCodeError, or a plain Error for a system failure
 */
export async function checkExit(exit: HookExit, exitCodeFile: string): Promise<void> {
  if (exit.code === 0) return;
  if (exit.code === SYSTEM_FAILURE_EXIT_CODE) throw new Error(exit.description);
  if (exit.code !== BUILD_FAILURE_EXIT_CODE) throw new UnknownExitCodeError(exit.code, exit.description);

  const content = await readFile(exitCodeFile, 'utf8').catch(() => undefined);
  if (content === undefined)
    throw new BuildError('script_failure', exit.description, BUILD_FAILURE_EXIT_CODE);
  const line = (content.split('\n')[0] ?? '').replace(/\r$/, '');
  if (!/^[+-]?\d+$/.test(line)) throw new UnknownExitCodeError(SYSTEM_FAILURE_EXIT_CODE, exit.description);
  throw new BuildError('script_failure', `exit status ${line}`, Number(line));
}
