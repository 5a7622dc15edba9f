import type { Architecture } from '@serverless-gitlab-runner/fleet';
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

/** Why Fargate cannot run an image, in words, or undefined. `what` is `image` or the service's place in the list. */
export function refuseImage(what: string, name: string): string | undefined {
  const unset = /\$\{?[A-Za-z_][A-Za-z0-9_]*\}?/.exec(name);
  if (unset) return `The ${what} "${name}" refers to ${unset[0]}, which is not set for this job.`;
  if (name.length > 255 || !REFERENCE.test(name)) {
    return `The ${what} "${name}" is not a valid image name: write it as registry/path/name:tag, in lower case.`;
  }
  return refuseKindOfImage(what, name);
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
