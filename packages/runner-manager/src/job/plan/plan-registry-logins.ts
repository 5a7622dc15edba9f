import { normalizedPath, registryPath } from '@serverless-gitlab-runner/fleet';
import { closest } from '../../registry/closest.ts';
import type { DockerAuthConfig } from '../request/docker-auth-config.ts';
import type { JobRequest } from '../request/job-request.ts';

/** How ECS authenticates with an image's registry: by an existing secret, or by a login for which a secret is created. */
export type RegistryAccess =
  | { kind: 'secret'; arn: string }
  | { kind: 'login'; username: string; password: string };

/** Credentials for a registry, or for a path of it. */
interface RegistryKey {
  /** `registry.example.com/group`, without a scheme; Docker Hub is `docker.io`. */
  where: string;
  access: RegistryAccess;
}

/**
 * Plans the credentials that each image of a job is pulled with: the job's `DOCKER_AUTH_CONFIG` first, then the fleet's
 * credentials, then what GitLab sends with the job (its own registry, the dependency proxy). An image that matches none of
 * them is pulled without credentials or, from Amazon ECR, by the execution role.
 * @see https://docs.gitlab.com/ci/docker/using_docker_images/#access-an-image-from-a-private-container-registry
 */
export function planRegistryLogins(
  request: JobRequest,
  { logins }: DockerAuthConfig,
  fleetSecrets: Readonly<Record<string, string>>,
  images: readonly string[],
): ReadonlyMap<string, RegistryAccess> {
  const sources = [
    logins.map(({ where, ...login }): RegistryKey => ({ where, access: { kind: 'login', ...login } })),
    Object.entries(fleetSecrets).map(
      ([where, arn]): RegistryKey => ({ where: normalizedPath(where), access: { kind: 'secret', arn } }),
    ),
    keysOfGitLab(request),
  ];
  return new Map(
    images.flatMap((image): [string, RegistryAccess][] => {
      const path = registryPath(image);
      const found = sources.map((keys) => closest(path, keys)).find((key) => key !== undefined);
      return found ? [[image, found.access]] : [];
    }),
  );
}

function keysOfGitLab({ credentials }: JobRequest): RegistryKey[] {
  return credentials.flatMap(({ type, url, username, password }): RegistryKey[] => {
    // Stryker disable next-line ArrayDeclaration: a text in place of a key matches no image
    if (type !== 'registry' || !username || !password) return [];
    return [{ where: normalizedPath(url), access: { kind: 'login', username, password } }];
  });
}
