import { registryPath, tagOf } from './registry-path.ts';

/** Where an image's manifest is, in the terms of the registry API. */
export interface ImageSource {
  /** Registry as it is written in names, with its port: `docker.io`, `registry.example.com:5050`. */
  registry: string;
  /** Repository in the registry: `library/alpine` of `alpine:3`. */
  repository: string;
  /** Tag or digest; the digest where a name has both, as Docker does. */
  reference: string;
}

/** Takes the name of an image apart. */
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

/** Base URL of a registry's API. Docker Hub's is not at the name that it has in names. */
export function apiUrl({ registry, repository }: ImageSource): string {
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  return `https://${host}/v2/${repository}`;
}
