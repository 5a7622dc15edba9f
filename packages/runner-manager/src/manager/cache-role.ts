import { randomUUID } from 'node:crypto';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';

/** A fleet's cache with all defaults applied. */
export interface RunnerCache {
  bucket: string;
  region: string;
  /** Prefix of the objects' names, without a trailing slash. */
  prefix: string;
  shared: boolean;
  /** Larger archives are not uploaded. */
  maxArchiveMib: number;
  roleArn: string;
  /** URL of an S3 that is not AWS's. */
  endpoint: string | undefined;
}

/** Response of a container credentials endpoint, as the AWS SDK and minio-go read it. */
export interface CacheCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  /** ISO time at which the runner must request new ones: before they really expire (see `EXPIRY_MARGIN_MS`). */
  Expiration: string;
}

/** AWS's maximum for a role that is assumed from another role's session. */
const SESSION_SECONDS = 3600;
/**
 * A pre-signed URL expires with the credentials that signed it, and `cache-archiver` uses its URL only after the archive is
 * packed. This margin keeps every signed URL valid for at least half an hour.
 */
const EXPIRY_MARGIN_MS = 30 * 60_000;
/** Credentials are renewed this early, because the runner's SDK treats them as expired 5 min before their expiration. */
const RENEW_BEFORE_MS = 10 * 60_000;

/** The fleet's cache; undefined if it has none. */
export function runnerCache(
  { name, cache }: FleetConfig,
  region: string,
  endpoint: string | undefined,
): RunnerCache | undefined {
  if (cache === undefined) return undefined;
  const { bucket, roleArn, shared, maxArchiveMib } = cache;
  return {
    bucket,
    roleArn,
    shared,
    maxArchiveMib,
    region: cache.region ?? region,
    prefix: cache.prefix ?? name,
    endpoint,
  };
}

/**
 * Limits a session of the cache's role to reading and writing the fleet's objects. Listing is included, because without it S3
 * answers 403 for a missing object, and the job log would report "access denied" instead of a missing cache.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function cacheSessionPolicy({ bucket, prefix, roleArn }: RunnerCache): string {
  const [, partition = 'aws'] = roleArn.split(':');
  const arn = `arn:${partition}:s3:::${bucket}`;
  const statement = (action: string[], resource: string) => ({
    Effect: 'Allow',
    Action: action,
    Resource: resource,
  });
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      statement(['s3:GetObject', 's3:PutObject'], `${arn}/${prefix}/*`),
      statement(['s3:ListBucket'], arn),
    ],
  });
}

/**
 * Creates a function that returns credentials of the cache's role, restricted to the fleet's objects, and renews them in time. It
 * rejects if STS fails.
 * @param now for tests
 */
export function createCacheRole(
  sts: STSClient,
  cache: RunnerCache,
  now: () => number = Date.now,
): () => Promise<CacheCredentials> {
  let current: CacheCredentials | undefined;
  let renewal: Promise<CacheCredentials> | undefined;
  const msLeft = () => (current ? Date.parse(current.Expiration) - now() : 0);
  const assume = async (): Promise<CacheCredentials> => {
    const { Credentials: assumed } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: cache.roleArn,
        RoleSessionName: `gitlab-runner-cache-${randomUUID().slice(0, 8)}`,
        Policy: cacheSessionPolicy(cache),
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = assumed ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
      throw new Error(`STS returned no credentials for ${cache.roleArn}`);
    }
    const expiration = new Date(Expiration.getTime() - EXPIRY_MARGIN_MS).toISOString();
    return { AccessKeyId, SecretAccessKey, Token: SessionToken, Expiration: expiration };
  };
  const renew = async (): Promise<CacheCredentials> => {
    try {
      current = await assume();
      return current;
    } catch (error) {
      if (current && msLeft() > 0) return current;
      throw error;
    } finally {
      renewal = undefined;
    }
  };
  return async () => {
    if (current && msLeft() > RENEW_BEFORE_MS) return current;
    renewal ??= renew();
    return renewal;
  };
}
