import { z } from 'zod';
import { jsonOf } from '../json-of.ts';
import { closest, normalizedPath, registryPath } from '../registry/registry-path.ts';
import type { Findings } from './findings.ts';
import type { JobRequest } from './job-request.ts';

/** How ECS gets into an image's registry: by a secret that is there, or by a login for which one is made. */
export type RegistryAccess =
  | { kind: 'secret'; arn: string }
  | { kind: 'login'; username: string; password: string };

/** What opens a registry, or a path of it. */
interface RegistryKey {
  /** `registry.example.com/group`, without scheme; Docker Hub is `docker.io`. */
  where: string;
  access: RegistryAccess;
}

/** `~/.docker/config.json`, as far as it tells of logins. */
const dockerConfigSchema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
      }),
    )
    .default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
});

const VARIABLE = 'DOCKER_AUTH_CONFIG';

/**
 * Plans with what each image of a job is pulled, by image: the job's `DOCKER_AUTH_CONFIG` first, then the fleet's
 * credentials, then what GitLab sends with the job (its own registry, the dependency proxy). An image that none of them
 * is for is pulled without, or, from Amazon ECR, by the execution role.
 * @see https://docs.gitlab.com/ci/docker/using_docker_images/#access-an-image-from-a-private-container-registry
 */
export function planRegistryLogins(
  request: JobRequest,
  fleetSecrets: Readonly<Record<string, string>>,
  images: readonly string[],
  findings: Findings,
): ReadonlyMap<string, RegistryAccess> {
  const sources = [
    keysOfJob(request, findings),
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

function keysOfJob(request: JobRequest, findings: Findings): RegistryKey[] {
  const sent = request.sentVariables.find(({ key }) => key === VARIABLE);
  // Of a file variable the environment has the path only.
  const document = sent?.file ? sent.value : (request.variables.get(VARIABLE) ?? sent?.value);
  if (!document) return [];
  const parsed = dockerConfigSchema.safeParse(jsonOf(document));
  if (!parsed.success) {
    findings.refusals.push(
      `${VARIABLE} is not what \`docker login\` writes: {"auths": {"registry": {"auth": …}}}.`,
    );
    return [];
  }
  for (const registry of Object.keys(parsed.data.credHelpers).filter((each) => !/\.dkr\.ecr\./.test(each))) {
    findings.notes.push(
      `${VARIABLE} names a credential helper for ${registry}: Fargate runs none. Write its login under "auths".`,
    );
  }
  return Object.entries(parsed.data.auths).flatMap(([where, entry]): RegistryKey[] => {
    const [username, password] = loginOf(entry);
    if (username && password)
      return [{ where: normalizedPath(where), access: { kind: 'login', username, password } }];
    findings.notes.push(`${VARIABLE} has no user name and password for ${where}: it is not used.`);
    return [];
  });
}

function loginOf(entry: {
  auth?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
}) {
  if (!entry.auth) return [entry.username, entry.password];
  const text = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? [] : [text.slice(0, colon), text.slice(colon + 1)];
}

function keysOfGitLab({ credentials }: JobRequest): RegistryKey[] {
  return credentials.flatMap(({ type, url, username, password }): RegistryKey[] => {
    if (type !== 'registry' || !username || !password) return [];
    return [{ where: normalizedPath(url), access: { kind: 'login', username, password } }];
  });
}
