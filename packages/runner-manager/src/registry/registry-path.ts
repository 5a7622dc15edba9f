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

/** The place with the longest `where` that contains the path. */
export function closest<Place extends { where: string }>(
  path: string,
  places: readonly Place[],
): Place | undefined {
  return places
    .filter(({ where }) => path === where || path.startsWith(`${where}/`))
    .sort((one, other) => other.where.length - one.where.length)[0];
}
