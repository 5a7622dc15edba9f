import type { ImageSource } from '@serverless-gitlab-runner/fleet';

/** Base URL of a repository in the registry API. Docker Hub's API has another host than its image names. */
export function apiUrl({ registry, repository }: ImageSource): string {
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  return `https://${host}/v2/${repository}`;
}
