import * as z from 'zod';

/** Where `cache:` of the fleet's jobs is kept: objects `<prefix>/[runner/<short token>/]project/<id>/<key>` of an S3 bucket. */
export const cacheSchema = z.object({
  /** Name of the bucket. */
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of an S3 bucket'),
  /** IAM role that may read and write the bucket's objects, and that managers may assume. Nothing else is signed with it. */
  roleArn: z.string().startsWith('arn:'),
  /** Region of the bucket. Default: the manager's. */
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'a region, as eu-west-1')
    .optional(),
  /** First part of the objects' names. Default: the fleet's name. */
  prefix: z
    .string()
    .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'letters, digits and _.- between slashes')
    .optional(),
  /**
   * Whether a project finds its caches whichever runner token its jobs ran with (GitLab Runner's `Shared`). Default false:
   * each token, so a new one too, begins with none.
   */
  shared: z.boolean().default(false),
  /**
   * MiB of a cache's archive above which it is not uploaded (GitLab Runner's `MaxUploadedArchiveSize`); the job goes on, and its
   * log says so. Default 2,048.
   */
  maxArchiveMib: z.int().min(1).max(1_048_576).default(2048),
});
