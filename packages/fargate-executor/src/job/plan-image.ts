import type { Architecture } from '@serverless-gitlab-runner/fleet';
import { expandVariables } from './expand-variables.ts';
import type { Findings } from './findings.ts';
import { refuseKindOfImage } from './refuse-unsupported.ts';

const NAME_PART = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
/**
 * A reference to an image: registry with port, path, tag, digest.
 * @see https://github.com/distribution/reference/blob/main/reference.go
 */
const REFERENCE = new RegExp(
  `^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?/)?${NAME_PART}(?:/${NAME_PART})*` +
    '(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$',
);

/** Why Fargate cannot run an image, in words, or undefined. `what` is `image` or `service`. */
export function refuseImage(what: string, name: string): string | undefined {
  if (!isReference(name)) {
    return `The ${what} "${name}" is not a valid image name: write it as registry/path/name:tag, in lower case. A variable in it that is not set is nothing.`;
  }
  return refuseKindOfImage(what, name);
}

/** Whether a text is the name of an image, in full or short. */
export function isReference(name: string): boolean {
  return name.length <= 255 && REFERENCE.test(name);
}

/**
 * The name of an image or a service, checked. The runner brings it with its variables expanded, those that are not set as
 * nothing (before 16.0 it did so for the image only).
 */
export function planImage(
  what: 'image' | 'service',
  written: string,
  variables: ReadonlyMap<string, string>,
  findings: Findings,
): string {
  const name = expandVariables(written, variables);
  const refusal = refuseImage(what, name);
  if (refusal) findings.refusals.push(refusal);
  return name;
}

/**
 * Reads an architecture as people write it: a variable, or the platform of `image: docker: platform`.
 * @returns undefined when it is none that Fargate has for Linux
 */
export function parseArchitecture(text: string): Architecture | undefined {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^linux\//, '');
  if (['x86_64', 'x86-64', 'amd64', 'x64'].includes(name)) return 'X86_64';
  if (['arm64', 'arm64/v8', 'aarch64'].includes(name)) return 'ARM64';
  return undefined;
}
