import { InvalidFleetConfigError, parameterNames } from '@serverless-gitlab-runner/fleet';
import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type FleetProps, parseFleet } from '../fleet-props.ts';
import type { JobCache } from './job-cache.ts';
import type { Network } from './network.ts';

export interface FleetParameterProps {
  readonly parameterPrefix: string;
  readonly fleet: FleetProps;
  readonly network: Network;
  /** The installation's cache, if it has one. */
  readonly cache: JobCache | undefined;
}

/** The SSM parameter with a fleet's configuration document. */
export class FleetParameter extends Construct {
  /**
   * @throws {InvalidFleetConfigError} at synthesis, when the fleet is not what its schema allows.
   */
  constructor(scope: Construct, id: string, { parameterPrefix, fleet, network, cache }: FleetParameterProps) {
    super(scope, id);
    const { name, network: ownNetwork, cache: ownCache, ...settings } = parseFleet(fleet);
    const document = {
      version: 1,
      name,
      ...settings,
      network: ownNetwork ?? {
        subnets: network.subnetIds,
        managerSecurityGroups: [network.managerSecurityGroupId],
        jobSecurityGroups: [network.jobSecurityGroupId],
        assignPublicIp: network.assignPublicIp,
      },
      cache: cacheOf(name, ownCache, cache),
    };
    new StringParameter(this, 'Config', {
      parameterName: parameterNames(parameterPrefix, name).config,
      description: `Configuration of the GitLab runner fleet ${name}`,
      stringValue: Stack.of(this).toJsonString(document),
    });
  }
}

/** What the fleet says itself goes before what the installation has. */
function cacheOf(
  fleet: string,
  own: ReturnType<typeof parseFleet>['cache'],
  installation: JobCache | undefined,
) {
  if (own === false || (own === undefined && installation === undefined)) return undefined;
  if (own?.bucket === undefined && installation === undefined) {
    throw new InvalidFleetConfigError(
      `fleet "${fleet}": cache has no bucket: give the installation a cache (context "cache"), or name bucket and roleArn`,
    );
  }
  return { bucket: installation?.bucketName, roleArn: installation?.role.roleArn, ...own };
}
