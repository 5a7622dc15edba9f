import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type FleetProps, parseFleet } from '../fleet-props.ts';
import type { Network } from './network.ts';

export interface FleetParameterProps {
  readonly parameterPrefix: string;
  readonly fleet: FleetProps;
  readonly network: Network;
}

/** The SSM parameter with a fleet's configuration document. */
export class FleetParameter extends Construct {
  /**
   * @throws {InvalidFleetConfigError} at synthesis, when the fleet is not what its schema allows.
   */
  constructor(scope: Construct, id: string, { parameterPrefix, fleet, network }: FleetParameterProps) {
    super(scope, id);
    const { name, network: ownNetwork, ...settings } = parseFleet(fleet);
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
    };
    new StringParameter(this, 'Config', {
      parameterName: parameterNames(parameterPrefix, name).config,
      description: `Configuration of the GitLab runner fleet ${name}`,
      stringValue: Stack.of(this).toJsonString(document),
    });
  }
}
