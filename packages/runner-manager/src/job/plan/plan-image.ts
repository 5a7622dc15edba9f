import { tagOf } from '@serverless-gitlab-runner/fleet';
import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { expandVariables } from '../request/expand-variables.ts';
import { MAX_IMAGE_CHARACTERS } from '../request/refuse-long-texts.ts';
import { refuseKindOfImage } from '../request/refuse-unsupported.ts';

/** ECS accepts no longer image name. */
const MAX_CHARACTERS = 255;

/** Registry with port: an image's first component if it contains a dot or a colon, or is `localhost`. */
const REGISTRY = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const MAX_TAG_CHARACTERS = 128;
const DIGEST = /^sha256:[a-f0-9]+$/;
const DIGEST_CHARACTERS = 'sha256:'.length + 64;

/** Explains why Fargate cannot run an image; undefined if it can. `what` is `image` or `service`. */
export function refuseImage(what: string, name: string): string | undefined {
  if (!isReference(name)) {
    return `The ${what} ${quoted(name)} is not a valid image name: use registry/path/name:tag in lower case. Unset variables expand to an empty string.`;
  }
  return refuseKindOfImage(what, name);
}

/**
 * Whether a text is an image name, full or short. Each part is matched separately, so that no pattern backtracks over where a
 * part ends.
 * @see https://github.com/distribution/reference/blob/main/reference.go
 */
export function isReference(name: string): boolean {
  if (name.length > MAX_CHARACTERS) return false;
  const tail = tagOf(name);
  const components = name.slice(0, name.length - tail.length).split('/');
  const isRegistry = (component: string, index: number) =>
    index === 0 && components.length > 1 && REGISTRY.test(component);
  return components.every((each, index) => COMPONENT.test(each) || isRegistry(each, index)) && isTail(tail);
}

/** `:tag`, `@sha256:…`, both, or an empty string. */
function isTail(tail: string): boolean {
  const at = tail.indexOf('@');
  const [tag, digest] = at < 0 ? [tail, undefined] : [tail.slice(0, at), tail.slice(at + 1)];
  const isTag = tag === '' || (tag.length <= MAX_TAG_CHARACTERS + 1 && TAG.test(tag.slice(1)));
  return isTag && (digest === undefined || (digest.length === DIGEST_CHARACTERS && DIGEST.test(digest)));
}

/**
 * Checks the name of an image or a service. The runner passes it with its variables expanded, unset ones to an empty string
 * (before 16.0 it did so for the image only).
 * @throws {JobRefusedError} when the name is too long or invalid, or the image cannot run on Fargate
 */
export function planImage(
  what: 'image' | 'service',
  written: string,
  variables: ReadonlyMap<string, string>,
): string {
  refuseLonger(`The ${what}`, written, MAX_IMAGE_CHARACTERS);
  const name = expandVariables(written, variables, MAX_IMAGE_CHARACTERS);
  refuseLonger(`The ${what}`, name, MAX_CHARACTERS);
  const refusal = refuseImage(what, name);
  if (refusal) throw new JobRefusedError([refusal]);
  return name;
}
