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
}

/** Bucket and role of the jobs' cache. The role is the managers' to assume, and is no task's. */
export class JobCache extends Construct {
  readonly bucketName: string;
  readonly role: Role;

  /** @param managerRole whoever may assume the role of the cache */
  constructor(scope: Construct, id: string, managerRole: IRole, props: JobCacheProps = {}) {
    super(scope, id);
    const bucket = props.bucketName
      ? Bucket.fromBucketName(this, 'Bucket', props.bucketName)
      : this.makeBucket(props.expireDays ?? 30);
    this.bucketName = bucket.bucketName;
    this.role = this.makeRole(bucket.bucketArn, managerRole);
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
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  private makeRole(bucketArn: string, managerRole: IRole): Role {
    const role = new Role(this, 'Role', {
      assumedBy: managerRole,
      description: 'Reads and writes the cache of jobs: managers sign its URLs',
    });
    role.addToPolicy(
      new PolicyStatement({
        sid: 'ReadAndWriteCaches',
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [`${bucketArn}/*`],
      }),
    );
    // Who may not list a bucket is told 403 for an object that is not there, and jobs' logs would speak of denied access.
    role.addToPolicy(
      new PolicyStatement({
        sid: 'SeeThatACacheIsMissing',
        actions: ['s3:ListBucket'],
        resources: [bucketArn],
      }),
    );
    return role;
  }
}
