import { broken, type Finding, warning } from '../finding.ts';

export interface SubnetFacts {
  fleet: string;
  id: string;
  exists: boolean;
  /** Where traffic to the internet goes; undefined: nowhere. */
  wayOut: 'internet-gateway' | 'other' | undefined;
  /** Whether the fleet's tasks get a public address. */
  hasPublicAddress: boolean;
}

export interface SecurityGroupFacts {
  fleet: string;
  id: string;
  exists: boolean;
}

const NETWORK = 'Correct the "network" of the fleet in cdk.json, and run npm run deploy';

/** Whether the fleets' tasks can reach GitLab, AWS and registries. */
export function checkNetwork(
  subnets: readonly SubnetFacts[],
  securityGroups: readonly SecurityGroupFacts[],
): Finding[] {
  return [
    ...subnets.flatMap(subnetFindings),
    ...securityGroups
      .filter(({ exists }) => !exists)
      .map(({ fleet, id }) =>
        broken('security-group-missing', `Security group ${id} of fleet ${fleet} does not exist`, NETWORK),
      ),
  ];
}

function subnetFindings({ fleet, id, exists, wayOut, hasPublicAddress }: SubnetFacts): Finding[] {
  if (!exists) return [broken('subnet-missing', `Subnet ${id} of fleet ${fleet} does not exist`, NETWORK)];
  if (wayOut === undefined)
    return [
      warning(
        'subnet-without-route',
        `Subnet ${id} of fleet ${fleet} has no route to the internet`,
        'Add a NAT gateway, or VPC endpoints for ECR, S3, CloudWatch Logs, ECS, SSM and EventBridge, and a way to GitLab',
      ),
    ];
  return wayOut === 'internet-gateway' && !hasPublicAddress
    ? [
        broken(
          'subnet-without-address',
          `Subnet ${id} of fleet ${fleet} leads to an internet gateway, but its tasks get no public address`,
          'Set "assignPublicIp": true in the "network", or name subnets behind a NAT gateway, and run npm run deploy',
        ),
      ]
    : [];
}
