import * as z from 'zod';

/** Storage of `cache:` of the fleet's jobs: objects `<prefix>/[runner/<short token>/]project/<id>/<key>` of an S3 bucket. */
export const cacheSchema = z.object({
  /** Name of the bucket. */
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of an S3 bucket'),
  /** IAM role that may read and write the bucket's objects, and that managers may assume. It is used for the cache only. */
  roleArn: z.string().startsWith('arn:'),
  /** Region of the bucket. Default: the manager's. */
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'must be a region, for example eu-west-1')
    .optional(),
  /** First part of the objects' names. Default: the fleet's name. */
  prefix: z
    .string()
    .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'must consist of letters, digits and _.- separated by slashes')
    .optional(),
  /**
   * Whether a project's caches are shared by all runner tokens (GitLab Runner's `Shared`). Default false: each runner token has
   * its own caches, so a new token starts without any.
   */
  shared: z.boolean().default(false),
  /**
   * Maximum size of a cache archive in MiB (GitLab Runner's `MaxUploadedArchiveSize`). A larger archive is not uploaded; the job
   * continues, and its log says so. Requires a runner that supports it, such as 17.9. Default 2,048.
   */
  maxArchiveMib: z.int().min(1).max(1_048_576).default(2048),
});
