import { fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { textOf } from './support/resolve.ts';
import { CACHE, MANAGER } from './support/roles.ts';
import { roleStatements } from './support/statements.ts';
import { type Context, stackOf } from './support/synthesise.ts';

const OWN = { bucket: 'our-caches', roleArn: 'arn:aws:iam::111122223333:role/caches' };

const shared = (context: Context) => stackOf('shared', context);

/** The cache settings that managers of the first fleet read. */
function cacheOfFleet(context: Context) {
  const [parameter] = Object.values(shared(context).findResources('AWS::SSM::Parameter'));
  const document = textOf(parameter?.Properties.Value)
    // References that CloudFormation replaces are not valid bucket names and ARNs.
    .replaceAll(/\{SharedCacheBucket\w+\}/g, 'made-bucket')
    .replaceAll(/\{SharedFleetdefaultCacheRole\w+\.Arn\}/g, 'arn:made');
  return fleetConfigSchema.shape.cache.parse(JSON.parse(document).cache);
}

const mayAssume = (context: Context) =>
  roleStatements(shared(context))
    .filter(({ actions }) => actions.includes('sts:AssumeRole'))
    .map(({ role, resources }) => [role, resources]);

describe('an installation without a cache', () => {
  it('has no bucket and no role for it, and its fleets have no cache', () => {
    const template = shared({});
    template.resourceCountIs('AWS::S3::Bucket', 0);
    expect(roleStatements(template).filter(({ role }) => role === CACHE)).toEqual([]);
    expect(mayAssume({})).toEqual([]);
    expect(cacheOfFleet({})).toBeUndefined();
  });

  it('accepts a fleet with its own bucket and role, which managers may assume', () => {
    const context = { fleets: [{ name: 'default', cache: { ...OWN, prefix: 'ci', shared: true } }] };
    expect(cacheOfFleet(context)).toEqual({ ...OWN, prefix: 'ci', shared: true, maxArchiveMib: 2048 });
    expect(mayAssume(context)).toEqual([[MANAGER, [OWN.roleArn]]]);
  });

  it.each([
    [{ shared: true }, 'cache has no bucket'],
    [{ bucket: 'our-caches' }, 'roleArn'],
    [{ roleArn: OWN.roleArn }, 'bucket and roleArn must be set together'],
    [{ ...OWN, bukket: 'x' }, 'unknown setting "cache.bukket"'],
  ])('rejects a fleet whose cache is %j', (cache, message) => {
    expect(() => shared({ fleets: [{ name: 'default', cache }] })).toThrow(message);
  });
});

describe('the cache of an installation', () => {
  it('is a private bucket, encrypted, over TLS only, whose objects expire', () => {
    const template = shared({ cache: { expireDays: 7 } });
    template.hasResource('AWS::S3::Bucket', {
      // Retained when the stack is removed, but not when its creation fails: the next attempt creates another bucket.
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        BucketEncryption: Match.anyValue(),
        LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 7, Status: 'Enabled' })] },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('applies to all fleets without their own setting', () => {
    const made = { bucket: 'made-bucket', roleArn: 'arn:made', shared: false, maxArchiveMib: 2048 };
    const of = (fleet: object) => cacheOfFleet({ cache: {}, fleets: [{ name: 'default', ...fleet }] });
    expect(of({})).toEqual(made);
    expect(of({ cache: { prefix: 'x' } })).toEqual({ ...made, prefix: 'x' });
    expect(of({ cache: OWN })).toEqual({ ...OWN, shared: false, maxArchiveMib: 2048 });
    expect(of({ cache: false })).toBeUndefined();
  });

  it('is read and written only by a role that only managers may assume', () => {
    const template = shared({ cache: {} });
    const statements = roleStatements(template).filter(({ role }) => role === CACHE);
    const bucket = expect.stringMatching(/^\{SharedCacheBucket\w+\.Arn\}$/);
    expect(statements.map(({ actions, resources }) => [actions, resources])).toEqual([
      [
        ['s3:GetObject', 's3:PutObject'],
        [expect.stringMatching(/^\{SharedCacheBucket\w+\.Arn\}\/default\/\*$/)],
      ],
      [['s3:ListBucket'], [bucket]],
    ]);
    template.hasResourceProperties('AWS::IAM::Role', {
      Description: CACHE,
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: {
              AWS: { 'Fn::GetAtt': [Match.stringLikeRegexp('SharedFleetdefaultManagerTaskRole'), 'Arn'] },
            },
          },
        ],
      },
    });
    const [[role, resources] = []] = mayAssume({ cache: {} });
    expect(role).toBe(MANAGER);
    expect(resources).toEqual([expect.stringMatching(/^\{SharedFleetdefaultCacheRole\w+\.Arn\}$/)]);
    const s3 = roleStatements(template).filter(({ actions }) =>
      actions.some((action) => action.startsWith('s3:')),
    );
    expect([...new Set(s3.map((statement) => statement.role))]).toEqual([CACHE]);
  });

  it('may be an existing bucket', () => {
    const template = shared({ cache: { bucketName: 'our-caches' } });
    template.resourceCountIs('AWS::S3::Bucket', 0);
    const resources = roleStatements(template)
      .filter(({ role }) => role === CACHE)
      .flatMap((statement) => statement.resources);
    expect(resources).toEqual(['arn:aws:s3:::our-caches/default/*', 'arn:aws:s3:::our-caches']);
    expect(cacheOfFleet({ cache: { bucketName: 'our-caches' } })).toMatchObject({ bucket: 'our-caches' });
  });
});
