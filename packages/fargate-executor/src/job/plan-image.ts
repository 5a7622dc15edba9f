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
    return `The ${what} "${name}" is not a valid image name: write it as registry/path/name:tag, in lower case.`;
  }
  return refuseKindOfImage(what, name);
}

/** Whether a text is the name of an image, in full or short. */
export function isReference(name: string): boolean {
  return name.length <= 255 && REFERENCE.test(name);
}

/**
 * The name of an image or a service as GitLab Runner reads it: a variable that is not set is nothing in it. What then is
 * no name is refused with the variable that is missing; what is one is told, since it may be another image than meant.
 * @param written the name as it stands in `.gitlab-ci.yml`
 * @param expanded the name that the runner made of it, where it tells
 */
export function planImage(
  what: 'image' | 'service',
  written: string,
  variables: ReadonlyMap<string, string>,
  findings: Findings,
  expanded = '',
): string {
  const unset = new Set<string>();
  const own = expandVariables(written, variables, (reference) => {
    unset.add(reference);
    return '';
  });
  const name = expanded || own;
  const missing = [...unset].join(', ');
  const cause = `The ${what} "${written}" refers to ${missing}, which is not set for this job`;
  if (missing && !isReference(name)) {
    const left = name ? `the name would be "${name}"` : 'no name is left';
    findings.refusals.push(`${cause}: ${left}. Set it, or check how it is spelled and where it is defined.`);
    return name;
  }
  if (missing && name === own)
    findings.notes.push(`${cause}: as in GitLab it is nothing, so "${name}" is used.`);
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
