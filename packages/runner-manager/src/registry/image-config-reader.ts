import { createHash } from 'node:crypto';
import type { Architecture } from '@serverless-gitlab-runner/fleet';
import { limitConcurrency } from '../limit-concurrency.ts';
import type { EcrLogin } from './ecr-login.ts';
import type { ImageSource } from './image-source.ts';
import { type ImageConfig, type ReadImage, readDigest, readImageConfig } from './read-image-config.ts';
import type { RegistryCaller, RegistryLogin } from './registry-request.ts';

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
  /** How one learns what a tag means now. Default: from its registry. */
  digest?: typeof readDigest;
  /** Milliseconds since some point. Default `performance.now`. */
  now?: () => number;
}

/** A tag may come to mean another image. */
const TAG_KEPT_MS = 300_000;
const MOST_KEPT = 200;
/** Images that are read at one time: each may take a hundred times its size in memory while it is looked at. */
const MOST_READS = 2;
/** A registry that takes longer than this does not hold a job up any further. */
const TIMEOUT_MS = 20_000;

interface Kept {
  image: Promise<ReadImage>;
  until: number;
}

/**
 * Makes a reader that remembers, among the last 200: an image by digest for good, a tag for five minutes, after which its
 * digest is asked for and the image is read again only if that has changed. What one login read is not told to another,
 * failures are not kept, and jobs that ask at one time share the requests.
 */
export function createImageConfigReader(options: ImageConfigReaderOptions): ImageConfigReader {
  const { gitlabUrl, ecrLogin, read = readImageConfig, digest = readDigest } = options;
  const { now = () => performance.now() } = options;
  const gitlabOrigin = new URL(gitlabUrl).origin;
  const kept = new Map<string, Kept>();
  const limit = limitConcurrency(MOST_READS);

  const ask = async (
    source: ImageSource,
    architecture: Architecture,
    login: RegistryLogin | undefined,
    earlier: ReadImage | undefined,
  ): Promise<ReadImage> => {
    const used = login ?? (await ecrLogin(source.registry));
    const caller = (): RegistryCaller => ({
      ...{ login: used, gitlabOrigin },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (earlier && (await digest(source, caller())) === earlier.digest) return earlier;
    return limit(() => read(source, architecture, caller()));
  };

  return async (source, architecture, login) => {
    const key = keyOf(source, architecture, login);
    const known = kept.get(key);
    kept.delete(key);
    const isFixed = source.reference.startsWith('sha256:');
    const entry =
      known && known.until > now()
        ? known
        : {
            image: (known?.image ?? Promise.resolve(undefined)).then((earlier) =>
              ask(source, architecture, login, earlier),
            ),
            until: isFixed ? Number.POSITIVE_INFINITY : now() + TAG_KEPT_MS,
          };
    kept.set(key, entry);
    entry.image.catch(() => {
      if (kept.get(key) === entry) kept.delete(key);
    });
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return (await entry.image).config;
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
