import { randomUUID } from 'node:crypto';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';

/** A fleet's cache with every default filled in. */
export interface RunnerCache {
  bucket: string;
  region: string;
  /** First part of the objects' names, without a slash at its end. */
  prefix: string;
  shared: boolean;
  /** MiB above which an archive is not uploaded. */
  maxArchiveMib: number;
  roleArn: string;
  /** S3's URL where it is not AWS's. */
  endpoint: string | undefined;
}

/** What a program with the AWS SDK or minio-go reads from a container credentials endpoint. */
export interface CacheCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  /** ISO time from which the runner asks for others: before they really expire (see `KEPT_BACK_MS`). */
  Expiration: string;
}

/** The most that AWS allows a role which a role's session assumes. */
const SESSION_SECONDS = 3600;
/**
 * A pre-signed URL dies with the credentials that signed it, and `cache-archiver` uses its URL when the archive is packed. So
 * whatever the runner signs can be used for half an hour at least.
 */
const KEPT_BACK_MS = 30 * 60_000;
/** The runner's SDK takes credentials for expired 5 min early: it is given none that are so near to it. */
const RENEWED_MS = 10 * 60_000;

/** The fleet's cache, or undefined when it has none. */
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
 * What a session of the cache's role may do at most: read and write the fleet's objects. Whoever may not list a bucket gets
 * 403 for an object that is not there, and a job's log would speak of access denied instead of a cache that does not exist.
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
 * Makes a function that gives credentials of the cache's role, narrowed to the fleet's objects, and renews them when it is
 * time. It rejects when STS does.
 * @param now for tests
 */
export function createCacheRole(
  sts: STSClient,
  cache: RunnerCache,
  now: () => number = Date.now,
): () => Promise<CacheCredentials> {
  let held: CacheCredentials | undefined;
  let underWay: Promise<CacheCredentials> | undefined;
  const msLeft = () => (held ? Date.parse(held.Expiration) - now() : 0);
  const assume = async (): Promise<CacheCredentials> => {
    const { Credentials: made } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: cache.roleArn,
        RoleSessionName: `gitlab-runner-cache-${randomUUID().slice(0, 8)}`,
        Policy: cacheSessionPolicy(cache),
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = made ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
      throw new Error(`STS gave no credentials for ${cache.roleArn}`);
    }
    const expiration = new Date(Expiration.getTime() - KEPT_BACK_MS).toISOString();
    return { AccessKeyId, SecretAccessKey, Token: SessionToken, Expiration: expiration };
  };
  const renew = async (): Promise<CacheCredentials> => {
    try {
      held = await assume();
      return held;
    } catch (error) {
      if (held && msLeft() > 0) return held;
      throw error;
    } finally {
      underWay = undefined;
    }
  };
  return async () => {
    if (held && msLeft() > RENEWED_MS) return held;
    underWay ??= renew();
    return underWay;
  };
}
