import { createHash } from 'node:crypto';
import type { Architecture } from '@serverless-gitlab-runner/fleet';
import type { EcrLogin } from './ecr-login.ts';
import type { ImageSource } from './image-source.ts';
import { type ImageConfig, readImageConfig } from './read-image-config.ts';
import type { RegistryLogin } from './registry-request.ts';

/** Reads what images' configurations say; the same one once. */
export type ImageConfigReader = (
  source: ImageSource,
  architecture: Architecture,
  login: RegistryLogin | undefined,
) => Promise<ImageConfig>;

export interface ImageConfigReaderOptions {
  /** Base URL of the fleet's GitLab. */
  gitlabUrl: string;
  /** The manager's own login to Amazon ECR, for images for which a job brings none. */
  ecrLogin: EcrLogin;
  /** How an image is read. Default: from its registry. */
  read?: typeof readImageConfig;
  /** Milliseconds since some point. Default `performance.now`. */
  now?: () => number;
}

/** A tag may come to mean another image. */
const TAG_KEPT_MS = 300_000;
const MOST_KEPT = 200;
/** A registry that takes longer than this does not hold a job up any further. */
const TIMEOUT_MS = 20_000;

interface Kept {
  config: Promise<ImageConfig>;
  until: number;
}

/**
 * Makes a reader that remembers: an image by digest as long as it is among the last 200, by tag for five minutes. What
 * one login read is not told to another, failures are not kept, and jobs that ask at one time share the requests.
 */
export function createImageConfigReader(options: ImageConfigReaderOptions): ImageConfigReader {
  const { gitlabUrl, ecrLogin, read = readImageConfig, now = () => performance.now() } = options;
  const gitlabOrigin = new URL(gitlabUrl).origin;
  const kept = new Map<string, Kept>();
  return (source, architecture, login) => {
    const key = keyOf(source, architecture, login);
    const known = kept.get(key);
    kept.delete(key);
    if (known && known.until > now()) {
      kept.set(key, known);
      return known.config;
    }
    const config = (async () => {
      const used = login ?? (await ecrLogin(source.registry));
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return read(source, architecture, { login: used, gitlabOrigin, signal });
    })();
    const isFixed = source.reference.startsWith('sha256:');
    const entry = { config, until: isFixed ? Number.POSITIVE_INFINITY : now() + TAG_KEPT_MS };
    kept.set(key, entry);
    config.catch(() => {
      if (kept.get(key) === entry) kept.delete(key);
    });
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return config;
  };
}

/** Passwords are not kept: a digest of them tells logins apart. */
function keyOf(
  { registry, repository, reference }: ImageSource,
  architecture: Architecture,
  login: RegistryLogin | undefined,
): string {
  const who =
    login &&
    createHash('sha256')
      .update(JSON.stringify([login.username, login.password]))
      .digest('hex');
  return JSON.stringify([registry, repository, reference, architecture, who]);
}
