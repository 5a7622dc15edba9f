import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { tagOf } from '../../registry/registry-path.ts';
import { expandVariables } from '../request/expand-variables.ts';
import { MOST_IMAGE_CHARACTERS } from '../request/refuse-long-texts.ts';
import { refuseKindOfImage } from '../request/refuse-unsupported.ts';

/** ECS takes no longer name of an image. */
const MOST_CHARACTERS = 255;

/** Registry, with its port: an image's first component where it holds a dot or a colon, or is `localhost`. */
const REGISTRY = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const MOST_TAG_CHARACTERS = 128;
const DIGEST = /^sha256:[a-f0-9]+$/;
const DIGEST_CHARACTERS = 'sha256:'.length + 64;

/** Why Fargate cannot run an image, in words, or undefined. `what` is `image` or `service`. */
export function refuseImage(what: string, name: string): string | undefined {
  if (!isReference(name)) {
    return `The ${what} ${quoted(name)} is not a valid image name: write registry/path/name:tag in lower case. Unset variables expand to nothing.`;
  }
  return refuseKindOfImage(what, name);
}

/**
 * Whether a text is the name of an image, in full or short. Each part is matched on its own, so that no pattern has to
 * try where one part ends.
 * @see https://github.com/distribution/reference/blob/main/reference.go
 */
export function isReference(name: string): boolean {
  if (name.length > MOST_CHARACTERS) return false;
  const tail = tagOf(name);
  const components = name.slice(0, name.length - tail.length).split('/');
  const isRegistry = (component: string, index: number) =>
    index === 0 && components.length > 1 && REGISTRY.test(component);
  return components.every((each, index) => COMPONENT.test(each) || isRegistry(each, index)) && isTail(tail);
}

/** `:tag`, `@sha256:…`, both or nothing. */
function isTail(tail: string): boolean {
  const at = tail.indexOf('@');
  const [tag, digest] = at < 0 ? [tail, undefined] : [tail.slice(0, at), tail.slice(at + 1)];
  const isTag = tag === '' || (tag.length <= MOST_TAG_CHARACTERS + 1 && TAG.test(tag.slice(1)));
  return isTag && (digest === undefined || (digest.length === DIGEST_CHARACTERS && DIGEST.test(digest)));
}

/**
 * The name of an image or a service, checked. The runner brings it with its variables expanded, those that are not set as
 * nothing (before 16.0 it did so for the image only).
 * @throws {JobRefusedError} when it is too long, no image's name, or of an image that cannot run on Fargate
 */
export function planImage(
  what: 'image' | 'service',
  written: string,
  variables: ReadonlyMap<string, string>,
): string {
  refuseLonger(`The ${what}`, written, MOST_IMAGE_CHARACTERS);
  const name = expandVariables(written, variables, MOST_IMAGE_CHARACTERS);
  refuseLonger(`The ${what}`, name, MOST_CHARACTERS);
  const refusal = refuseImage(what, name);
  if (refusal) throw new JobRefusedError([refusal]);
  return name;
}
