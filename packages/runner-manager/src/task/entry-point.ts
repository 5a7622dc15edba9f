import type { Task } from '@aws-sdk/client-ecs';
import { BUILD_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { JobRefusedError, TaskEndedError } from '../errors.ts';

const SHELL = /(^|\/)(ba|da|a|k|z)?sh$/;
/** Shell options that take the program as one string: `-c`, `-lc`. */
const TAKES_STRING = /^-[a-z]*c$/;
/** Exit codes of a container that was stopped. */
const STOPPED = [137, 143];

/**
 * The entry point that a job gives its image; undefined if none. `entrypoint: [""]` means none.
 */
export function planEntryPoint(written: readonly string[] | null | undefined): readonly string[] | undefined {
  return written?.some((part) => part !== '') ? written : undefined;
}

/**
 * How a container starts a program through an entry point. As with Docker's command, the entry point gets the program as
 * further arguments or, if it ends in `sh -c`, as one string. A shell without `-c` would read the program as a script, so `-c`
 * is added.
 */
export function startThrough(
  entryPoint: readonly string[] | undefined,
  program: readonly string[],
): { entryPoint: string[]; command: string[] } {
  if (entryPoint === undefined) return { entryPoint: [...program], command: [] };
  const text = `exec ${program.join(' ')}`;
  if (TAKES_STRING.test(entryPoint.at(-1) ?? '')) return { entryPoint: [...entryPoint], command: [text] };
  const shell = entryPoint.findLastIndex((part) => !part.startsWith('-'));
  const isShell = SHELL.test(entryPoint[shell] ?? '') && !entryPoint.some((part) => TAKES_STRING.test(part));
  return isShell
    ? { entryPoint: [...entryPoint, '-c'], command: [text] }
    : { entryPoint: [...entryPoint], command: [...program] };
}

/** Advice on an entry point, the job's or the image's, whose container did not start. */
export function adviceOnEntryPoint(entryPoint: readonly string[]): string {
  return `The build container starts with the entry point ${JSON.stringify(entryPoint)}, which must exist in the image and run the command that it is given, as \`exec "$@"\` does. \`image: entrypoint: [""]\` disables it.`;
}

/** A refusal of the job if its task ended before it accepted commands because of its entry point; else the error itself. */
export function attributeToEntryPoint(error: unknown, entryPoint: readonly string[] | undefined): unknown {
  if (entryPoint === undefined || !(error instanceof TaskEndedError) || !error.task) return error;
  return endedByItself(error.task)
    ? new JobRefusedError([error.message, adviceOnEntryPoint(entryPoint)])
    : error;
}

function endedByItself({ stopCode, containers = [] }: Task): boolean {
  if (stopCode !== 'EssentialContainerExited' && stopCode !== 'TaskFailedToStart') return false;
  const { exitCode, reason = '' } = containers.find(({ name }) => name === BUILD_CONTAINER) ?? {};
  if (/CannotStartContainer|CannotCreateContainer|ContainerRuntime/i.test(reason)) return true;
  return exitCode !== undefined && !STOPPED.includes(exitCode);
}
