import { registryPath, tagOf } from './registry-path.ts';

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

/** Base URL of a repository in the registry API. Docker Hub's API has another host than its image names. */
export function apiUrl({ registry, repository }: ImageSource): string {
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  return `https://${host}/v2/${repository}`;
}
