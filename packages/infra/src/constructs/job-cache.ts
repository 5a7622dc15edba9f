import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** The jobs' cache (`cache:` in `.gitlab-ci.yml`). */
export interface JobCacheProps {
  /**
   * Name of an existing bucket in this account. Its owner manages encryption and expiry; a customer-managed KMS key must let the
   * cache's role use it.
   * @default a new bucket: private, encrypted, over TLS only
   */
  readonly bucketName?: string;
  /** Days after its last write until a cache is deleted. Only for a new bucket. @default 30 */
  readonly expireDays?: number;
  /** Alarm threshold: GiB in a new bucket. @default 500 */
  readonly sizeAlarmGib?: number;
}

/** Default of `expireDays`. */
export const DEFAULT_EXPIRE_DAYS = 30;

export interface CacheRoleProps {
  readonly fleet: string;
  /** The role that may assume it. */
  readonly managerRole: IRole;
  /** First part of the names of the fleet's objects. */
  readonly prefix: string;
}

/** Bucket of the jobs' cache; each fleet has its own role for its objects. */
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

  /** The role with which a fleet's managers sign the URLs of caches. No task runs with it. */
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
    // Without permission to list, S3 answers 403 for a missing object, and job logs would report denied access. S3 checks this
    // without a prefix, so no condition can limit it to the fleet: a manager could list other fleets' objects, but not read them.
    role.addToPolicy(
      new PolicyStatement({
        sid: 'SeeThatACacheIsMissing',
        actions: ['s3:ListBucket'],
        resources: [this.bucketArn],
      }),
    );
    return role;
  }

  /**
   * Remains when the installation is removed, because CloudFormation does not delete buckets with objects. The objects expire.
   */
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
      // But not if the first deployment fails: the next attempt creates another bucket, and this one would be forgotten.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
