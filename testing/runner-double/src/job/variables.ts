import { posix } from 'node:path';
import type { JobVariable } from './payload.ts';

export type Variable = JobVariable;

export const TEMPORARY_DIRECTORY_VARIABLE = 'RUNNER_TEMP_PROJECT_DIR';

/** A variable added by the runner: public and expanded like any other. */
export function internalVariable(key: string, value: string): Variable {
  return { key, value, public: true, file: false, masked: false, raw: false };
}

/**
 * The value of a variable; the last one of a name wins. For a file variable it is the path.
 * Unknown names and special shell parameters (`$1`, `$?`, …) yield an empty string; `$$` yields a dollar sign.
 */
export function lookup(variables: readonly Variable[], key: string): string {
  if (key === '$') return '$';
  const found = variables.findLast((variable) => variable.key === key);
  if (found === undefined) return '';
  if (!found.file) return found.value;
  return posix.join(contentOf(variables, TEMPORARY_DIRECTORY_VARIABLE), key);
}

/** Like `lookup`, but returns the content of a file variable. */
export function contentOf(variables: readonly Variable[], key: string): string {
  return variables.findLast((variable) => variable.key === key)?.value ?? '';
}

const REFERENCE = /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|([$*#@!?0-9-]))/g;

/** Replaces `$name` and `${name}` by values. References in these values are not expanded, as in the real runner. */
export function expandValue(value: string, variables: readonly Variable[]): string {
  return value.replaceAll(REFERENCE, (_, braced?: string, plain?: string, special?: string) =>
    lookup(variables, braced ?? plain ?? special ?? ''),
  );
}

/** Expands every variable that is not `raw`, using the whole list. */
export function expandAll(variables: readonly Variable[]): Variable[] {
  return variables.map((variable) =>
    variable.raw ? variable : { ...variable, value: expandValue(variable.value, variables) },
  );
}
