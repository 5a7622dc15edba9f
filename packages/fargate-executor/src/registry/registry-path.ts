const DOCKER_HUB = /^((index|registry-1)\.)?docker\.io$/;

/** `registry.example.com/group` of `https://registry.example.com/group/v2/`. Docker Hub is `docker.io`. */
export function normalizedPath(where: string): string {
  const [host = '', ...path] = where
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '')
    .split('/');
  return [DOCKER_HUB.test(host) ? 'docker.io' : host, ...path].join('/');
}

/**
 * An image's registry and path, as Docker reads names: `docker.io/library/alpine` of `alpine:3`.
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

/** What follows an image's path: its tag, its digest, or both; `:3` of `alpine:3`. */
export function tagOf(image: string): string {
  return /(?::[^/:@]*)?(?:@.*)?$/.exec(image)?.[0] ?? '';
}

/** Of all places that a path is in, the one that says most of it. */
export function closest<Place extends { where: string }>(
  path: string,
  places: readonly Place[],
): Place | undefined {
  return places
    .filter(({ where }) => path === where || path.startsWith(`${where}/`))
    .sort((one, other) => other.where.length - one.where.length)[0];
}
