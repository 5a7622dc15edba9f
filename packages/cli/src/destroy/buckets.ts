import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';
import { SHARED_STACK } from '@serverless-gitlab-runner/fleet';
import { OperationError } from '../operation-error.ts';
import { type ResourceKind, unlessGone } from './resource-kind.ts';

/**
 * The bucket of the jobs' caches. CloudFormation names it after the shared stack, so it is found when the stack is gone too; a
 * bucket that the settings name (`cache.bucketName`) is not the installation's.
 * @param ofStacks buckets that the stack lists
 * @param log receives progress: there may be millions of objects
 */
export function cacheBuckets(
  s3: S3Client,
  ofStacks: readonly string[],
  log: (line: string) => void,
): ResourceKind {
  return {
    what: "buckets of the jobs' caches, with all objects",
    async list() {
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({ Prefix: `${SHARED_STACK}-` }));
      const names = Buckets.map(({ Name = '' }) => Name);
      const isOwn = (name: string) =>
        ofStacks.includes(name) || (name.startsWith(`${SHARED_STACK}-`) && /cache/.test(name));
      return names.filter(isOwn).sort();
    },
    async remove(names) {
      for (const bucket of names) {
        await unlessGone(/^NoSuchBucket$/, async () => {
          await deleteObjects(s3, bucket, {}, log);
          await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
        });
      }
      return [];
    },
  };
}

/** Deletes objects with all their versions. */
export async function deleteObjects(
  s3: S3Client,
  Bucket: string,
  query: { Prefix?: string },
  log: (line: string) => void,
): Promise<void> {
  let deleted = 0;
  for (;;) {
    // The first page each time, since what it listed is gone then.
    const Objects = await objectVersions(s3, Bucket, query);
    if (Objects.length === 0) return;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [failed] = Errors;
    if (failed) throw new OperationError(`S3 did not delete s3://${Bucket}/${failed.Key}: ${failed.Message}`);
    deleted += Objects.length;
    if (deleted >= 10_000) log(`s3://${Bucket}: ${deleted} objects deleted`);
  }
}

/** The first 1000 versions and delete markers. */
export async function objectVersions(
  s3: S3Client,
  Bucket: string,
  query: { Prefix?: string },
): Promise<ObjectIdentifier[]> {
  const page = await s3.send(new ListObjectVersionsCommand({ Bucket, ...query }));
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
    Key,
    VersionId,
  }));
}
