import { createHash } from 'node:crypto';
import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import { type Architecture, type ImageSource, isByDigest } from '@serverless-gitlab-runner/fleet';
import { limitConcurrency } from '../limit-concurrency.ts';
import type { EcrLogin } from './ecr-login.ts';
import { type ImageConfig, type ReadImage, readDigest, readImageConfig } from './read-image-config.ts';
import type { RegistryCaller, RegistryLogin } from './registry-request.ts';

/** Reads image configurations, with a cache. */
export type ImageConfigReader = (
  source: ImageSource,
  architecture: Architecture,
  login: RegistryLogin | undefined,
) => Promise<ImageConfig>;

export interface ImageConfigReaderOptions {
  /** Base URL of the fleet's GitLab. */
  gitlabUrl: string;
  /** The manager's own login to Amazon ECR, used if the job has none for the image. */
  ecrLogin: EcrLogin;
  /** Reads an image's configuration. Default: from its registry. */
  read?: typeof readImageConfig;
  /** Reads the digest that a tag currently refers to. Default: from its registry. */
  digest?: typeof readDigest;
  /** Milliseconds since some point. Default `performance.now`. */
  now?: () => number;
}

/** Tags expire, because a tag may be moved to another image. */
const TAG_CACHED_MS = 300_000;
const MAX_CACHED = 200;
/** Concurrent reads. Parsing a configuration may take a hundred times its size in memory. */
const MAX_READS = 2;
/** Maximum time that a registry may delay a job. */
const TIMEOUT_MS = 20_000;

interface CacheEntry {
  image: Promise<ReadImage>;
  until: number;
}

/**
 * Creates a reader that caches the last 200 images. An image by digest does not expire. A tag expires after five minutes; then
 * its digest is requested, and the image is read again only if that has changed. Entries are separate for each login, failures
 * are not cached, and concurrent reads of the same image share one request.
 */
export function createImageConfigReader(options: ImageConfigReaderOptions): ImageConfigReader {
  const { gitlabUrl, ecrLogin, read = readImageConfig, digest = readDigest } = options;
  const { now = () => performance.now() } = options;
  const gitlabOrigin = new URL(gitlabUrl).origin;
  // Entries are dropped by number only: the digest of an expired one may still be current.
  const cache = createTimedCache<CacheEntry>({ now, maxEntries: MAX_CACHED });
  const limit = limitConcurrency(MAX_READS);

  const ask = async (
    source: ImageSource,
    architecture: Architecture,
    login: RegistryLogin | undefined,
    earlier: ReadImage | undefined,
  ): Promise<ReadImage> => {
    const used = login ?? (await ecrLogin(source.registry));
    const caller = (): RegistryCaller => ({
      login: used,
      gitlabOrigin,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (earlier && (await digest(source, caller())) === earlier.digest) return earlier;
    return limit(() => read(source, architecture, caller()));
  };

  return async (source, architecture, login) => {
    const key = keyOf(source, architecture, login);
    const known = cache.get(key);
    const isFixed = isByDigest(source);
    const entry =
      known && known.until > now()
        ? known
        : {
            image: (known?.image ?? Promise.resolve(undefined)).then((earlier) =>
              ask(source, architecture, login, earlier),
            ),
            until: isFixed ? Number.POSITIVE_INFINITY : now() + TAG_CACHED_MS,
          };
    // Also on a hit: the least recently used entry is the oldest.
    cache.set(key, entry);
    entry.image.catch(() => {
      if (cache.get(key) === entry) cache.delete(key);
    });
    return (await entry.image).config;
  };
}

/** The key contains a digest of the login, so that no password is kept. */
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
