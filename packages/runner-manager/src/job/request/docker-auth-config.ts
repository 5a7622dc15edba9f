import { normalizedPath } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { parseJson } from '../../parse-json.ts';
import type { JobRequest } from './job-request.ts';

const VARIABLE = 'DOCKER_AUTH_CONFIG';
/** A login is stored in AWS Secrets Manager, where a secret holds at most 64 KiB. */
const MAX_CHARACTERS = 65_536;
const MAX_REGISTRIES = 100;
const MAX_REGISTRY_CHARACTERS = 255;

/** The parts of `~/.docker/config.json` that concern logins. */
const schema = z.object({
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

/** A login of the job. */
export interface JobLogin {
  /** `registry.example.com/group`, without a scheme; Docker Hub is `docker.io`. */
  where: string;
  username: string;
  password: string;
}

/** A job's parsed `DOCKER_AUTH_CONFIG`. */
export interface DockerAuthConfig {
  logins: readonly JobLogin[];
  /** Lines for the job log about entries that are not used. */
  notes: readonly string[];
}

/** Parses a job's `DOCKER_AUTH_CONFIG`. @throws {JobRefusedError} when it is too long or invalid */
export function parseDockerAuthConfig(request: JobRequest): DockerAuthConfig {
  const document = documentOf(request);
  if (!document) return { logins: [], notes: [] };
  refuseLonger(VARIABLE, document, MAX_CHARACTERS);
  const parsed = schema.safeParse(parseJson(document));
  if (!parsed.success) {
    throw new JobRefusedError([
      `${VARIABLE} is invalid: it must have the format that \`docker login\` writes, {"auths": {"registry": {"auth": …}}}.`,
    ]);
  }
  const { auths, credHelpers } = parsed.data;
  refuseMany([...Object.keys(auths), ...Object.keys(credHelpers)]);
  const helpers = Object.keys(credHelpers).filter((each) => !each.includes('.dkr.ecr.'));
  const notes = helpers.map(
    (registry) =>
      `${VARIABLE} names a credential helper for ${quoted(registry)}, but Fargate runs none. Put the login under "auths".`,
  );
  const logins = Object.entries(auths).flatMap(([registry, entry]): JobLogin[] => {
    const [username, password] = loginOf(entry);
    if (username && password) return [{ where: normalizedPath(registry), username, password }];
    notes.push(`${VARIABLE} has no user name and password for ${quoted(registry)}, so the entry is ignored.`);
    return [];
  });
  return { logins, notes };
}

/** For a file variable, the runner passes its path or its content, depending on its version. GitLab always sends the content. */
function documentOf({ sentVariables, variables }: JobRequest): string | null | undefined {
  const sent = sentVariables.findLast(({ key }) => key === VARIABLE);
  return sent?.file ? sent.value : (variables.get(VARIABLE) ?? sent?.value);
}

function refuseMany(registries: readonly string[]): void {
  if (registries.length > MAX_REGISTRIES) {
    throw new JobRefusedError([
      `${VARIABLE} names ${registries.length} registries: at most ${MAX_REGISTRIES} are allowed.`,
    ]);
  }
  for (const registry of registries) {
    refuseLonger(`A registry in ${VARIABLE}`, registry, MAX_REGISTRY_CHARACTERS);
  }
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
