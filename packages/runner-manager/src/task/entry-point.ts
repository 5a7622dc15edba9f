import type { Task } from '@aws-sdk/client-ecs';
import { BUILD_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { JobRefusedError, TaskEndedError } from '../errors.ts';

const SHELL = /(^|\/)(ba|da|a|k|z)?sh$/;
/** A shell's option after which the program is one text: `-c`, `-lc`. */
const TAKES_TEXT = /^-[a-z]*c$/;
/** Exit codes of a container that was told to stop. */
const STOPPED = [137, 143];

/**
 * The entry point that a job gives its image, or undefined when it gives none: `entrypoint: [""]` is GitLab's way to say so.
 */
export function planEntryPoint(written: readonly string[] | null | undefined): readonly string[] | undefined {
  return written?.some((part) => part !== '') ? written : undefined;
}

/**
 * How a container starts a program by way of an entry point, which is given the program as Docker gives a command: as
 * further arguments, or, where it ends in `sh -c`, as one text. A shell alone would read the program as a script of its
 * own, so it gets its `-c`.
 */
export function startThrough(
  entryPoint: readonly string[] | undefined,
  program: readonly string[],
): { entryPoint: string[]; command: string[] } {
  if (entryPoint === undefined) return { entryPoint: [...program], command: [] };
  const text = `exec ${program.join(' ')}`;
  if (TAKES_TEXT.test(entryPoint.at(-1) ?? '')) return { entryPoint: [...entryPoint], command: [text] };
  const shell = entryPoint.findLastIndex((part) => !part.startsWith('-'));
  const isShell = SHELL.test(entryPoint[shell] ?? '') && !entryPoint.some((part) => TAKES_TEXT.test(part));
  return isShell
    ? { entryPoint: [...entryPoint, '-c'], command: [text] }
    : { entryPoint: [...entryPoint], command: [...program] };
}

/** What to say of an entry point, the job's or the image's, when its container did not come up. */
export function adviceOnEntryPoint(entryPoint: readonly string[]): string {
  return `It starts with the entry point ${JSON.stringify(entryPoint)}, which must be in the image and run the command that it is given, as \`exec "$@"\` does. \`image: entrypoint: [""]\` leaves it out.`;
}

/** The job's fault, where a task ended before it took commands because of its entry point; else the error itself. */
export function blameEntryPoint(error: unknown, entryPoint: readonly string[] | undefined): unknown {
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
