import { InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { type FleetProps, parseFleet } from '../fleet-props.ts';
import type { JobCache } from './job-cache.ts';

type ParsedFleet = ReturnType<typeof parseFleet>;

/**
 * The cache of a fleet's document: the fleet's own settings override the installation's. A fleet without its own role gets one
 * that opens only its objects.
 * @throws {InvalidFleetConfigError} if the fleet has settings for a cache but there is no bucket
 */
export function fleetCache(
  scope: Construct,
  { name, cache: own }: ParsedFleet,
  managerRole: IRole,
  installation: JobCache | undefined,
) {
  if (own === false || (own === undefined && installation === undefined)) return undefined;
  if (own?.bucket !== undefined && own.roleArn !== undefined)
    return { ...own, bucket: own.bucket, roleArn: own.roleArn };
  if (installation === undefined) {
    throw new InvalidFleetConfigError(
      `fleet "${name}": the cache has no bucket. Give the installation a cache (context "cache"), or set bucket and roleArn`,
    );
  }
  const role = installation.makeRole(scope, { fleet: name, managerRole, prefix: own?.prefix ?? name });
  return { ...own, bucket: installation.bucketName, roleArn: role.roleArn };
}

/**
 * Rejects two fleets in one bucket if one's role would open the other's objects, unless both name the same prefix to share their
 * caches.
 * @throws {InvalidFleetConfigError}
 */
export function refuseNestedPrefixes(fleets: readonly FleetProps[]): void {
  const inBucket = fleets
    .map(parseFleet)
    .flatMap(({ name, cache }) =>
      cache === false || cache?.bucket !== undefined ? [] : [{ name, prefix: cache?.prefix }],
    );
  for (const one of inBucket)
    for (const other of inBucket) {
      if (one === other || (one.prefix !== undefined && one.prefix === other.prefix)) continue;
      const [outer, inner] = [one.prefix ?? one.name, other.prefix ?? other.name];
      if (`${inner}/`.startsWith(`${outer}/`))
        throw new InvalidFleetConfigError(
          `fleet "${one.name}": its cache prefix "${outer}" contains that of fleet "${other.name}". ` +
            'Choose another cache.prefix, or the same one for both to share their caches',
        );
    }
}
