import type { FleetConfig } from './fleet-config.ts';

const DOCKER_HUB = /^((index|registry-1)\.)?docker\.io$/;

/** Normalizes `https://registry.example.com/group/v2/` to `registry.example.com/group`. Docker Hub is `docker.io`. */
export function normalizedPath(where: string): string {
  const parts = where.replace(/^https?:\/\//, '').split('/');
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  if (parts.length > 1 && ['v1', 'v2'].includes(parts.at(-1) ?? '')) parts.pop();
  const [host = '', ...path] = parts;
  return [DOCKER_HUB.test(host) ? 'docker.io' : host, ...path].join('/');
}

/**
 * An image's registry and path, as Docker reads names: `docker.io/library/alpine` for `alpine:3`.
 * @see https://github.com/distribution/reference/blob/main/normalize.go
 */
export function registryPath(image: string): string {
  const bare = image.slice(0, image.length - tagOf(image).length);
  const [first = '', ...others] = bare.split('/');
  if (others.length === 0) return `docker.io/library/${bare}`;
  if (!/[.:]|^localhost$/.test(first)) return `docker.io/${bare}`;
  const path = normalizedPath(bare);
  return path.replace(/^docker\.io\/([^/]+)$/, 'docker.io/library/$1');
}

/** What follows an image's path: its tag, its digest, or both; `:3` for `alpine:3`. Linear in the name's length. */
export function tagOf(image: string): string {
  const at = image.indexOf('@');
  const end = at < 0 ? image.length : at;
  const colon = image.lastIndexOf(':', end - 1);
  return image.slice(colon > image.lastIndexOf('/', end - 1) ? colon : end);
}

/** Location of an image's manifest in the registry API. */
export interface ImageSource {
  /** Registry as written in image names, with its port: `docker.io`, `registry.example.com:5050`. */
  registry: string;
  /** Repository in the registry: `library/alpine` for `alpine:3`. */
  repository: string;
  /** Tag or digest; the digest if the name has both, as in Docker. */
  reference: string;
}

/** Parses the name of an image. */
export function imageSource(image: string): ImageSource {
  const path = registryPath(image);
  const slash = path.indexOf('/');
  const tail = tagOf(image);
  const [tag = '', digest] = tail.split('@');
  return {
    registry: path.slice(0, slash),
    repository: path.slice(slash + 1),
    reference: digest ?? (tag.slice(1) || 'latest'),
  };
}

/** Whether an image is named by its digest, so that it never changes. */
export function isByDigest({ reference }: ImageSource): boolean {
  return reference.startsWith('sha256:');
}

/** Whether a new task can be known to run the same image as one of before: it never changes, or its registry is asked whether it did. */
export function isComparable(
  image: string,
  {
    ahead,
    job,
  }: {
    ahead: Pick<FleetConfig['ahead'], 'tagsAreFixed'>;
    job: Pick<FleetConfig['job'], 'imageConfigRegistries'>;
  },
): boolean {
  const source = imageSource(image);
  return ahead.tagsAreFixed || isByDigest(source) || job.imageConfigRegistries.includes(source.registry);
}
