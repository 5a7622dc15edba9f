import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** The jobs' cache (`cache:` in `.gitlab-ci.yml`). */
export interface JobCacheProps {
  /**
   * Name of a bucket of this account to use. Its encryption and expiry are its owner's; one that a customer's KMS key encrypts
   * needs that key opened to the role of the cache.
   * @default a bucket is made: private, encrypted, over TLS only
   */
  readonly bucketName?: string;
  /** Days after which a cache that was not written anew is gone. Only of a bucket that is made. @default 30 */
  readonly expireDays?: number;
  /** GiB that a bucket which is made holds, from which an alarm rings. @default 500 */
  readonly sizeAlarmGib?: number;
}

/** Days after which a cache that was not written anew is gone, unless the installation says otherwise. */
export const DEFAULT_EXPIRE_DAYS = 30;

export interface CacheRoleProps {
  readonly fleet: string;
  /** Who may assume it. */
  readonly managerRole: IRole;
  /** First part of the names of the fleet's objects. */
  readonly prefix: string;
}

/** Bucket of the jobs' cache; each fleet has a role of its own for its objects in it. */
export class JobCache extends Construct {
  readonly bucketName: string;
  private readonly bucketArn: string;

  constructor(scope: Construct, id: string, props: JobCacheProps = {}) {
    super(scope, id);
    const bucket = props.bucketName
      ? Bucket.fromBucketName(this, 'Bucket', props.bucketName)
      : this.makeBucket(props.expireDays ?? DEFAULT_EXPIRE_DAYS);
    this.bucketName = bucket.bucketName;
    this.bucketArn = bucket.bucketArn;
  }

  /**
   * The role with which a fleet's managers sign the URLs of caches; it is no task's.
   */
  makeRole(scope: Construct, { fleet, managerRole, prefix }: CacheRoleProps): Role {
    const role = new Role(scope, 'CacheRole', {
      assumedBy: managerRole,
      description: `Reads and writes the caches of fleet ${fleet}: its managers sign their URLs`,
    });
    role.addToPolicy(
      new PolicyStatement({
        sid: 'ReadAndWriteCaches',
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [`${this.bucketArn}/${prefix}/*`],
      }),
    );
    // Who may not list a bucket is told 403 for an object that is not there, and jobs' logs would speak of denied access. S3 asks
    // this without a prefix, so no condition can hold it to the fleet's: a manager could list other fleets' names, not read them.
    role.addToPolicy(
      new PolicyStatement({
        sid: 'SeeThatACacheIsMissing',
        actions: ['s3:ListBucket'],
        resources: [this.bucketArn],
      }),
    );
    return role;
  }

  /** It stays when the installation is removed: CloudFormation removes no bucket that has objects. They expire. */
  private makeBucket(expireDays: number): Bucket {
    return new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [
        {
          id: 'Expire',
          expiration: Duration.days(expireDays),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      // But not when the first stack fails: the next try would make another, and nobody would know of this one.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
