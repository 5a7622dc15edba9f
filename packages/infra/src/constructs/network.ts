import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** The required properties of a VPC; CDK's `Vpc` and `IVpc` both have them. */
export type VpcLike = Pick<IVpc, 'vpcId' | 'publicSubnets' | 'privateSubnets'>;

export interface NetworkProps {
  /**
   * Existing network to use.
   * @default a new VPC with public subnets in two zones and no NAT gateway, which costs nothing while nothing runs
   */
  readonly vpc?: VpcLike;
  /**
   * Subnets of `vpc` for managers and job tasks.
   * @default the private subnets with egress of `vpc`, or its public ones if it has none
   */
  readonly subnetIds?: readonly string[];
  /**
   * Whether tasks get a public IPv4 address.
   * @default true in the new VPC and in public subnets found in `vpc`, else false
   */
  readonly assignPublicIp?: boolean;
}

/** The network of all tasks. Each fleet has its own security groups (`FleetSecurityGroups`). */
export class Network extends Construct {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly assignPublicIp: boolean;

  constructor(scope: Construct, id: string, props: NetworkProps = {}) {
    super(scope, id);
    const vpc: VpcLike = props.vpc ?? publicVpc(this);
    this.vpcId = vpc.vpcId;
    const isPublic = vpc.privateSubnets.length === 0;
    const subnets = isPublic ? vpc.publicSubnets : vpc.privateSubnets;
    this.subnetIds = props.subnetIds ?? subnets.map((subnet) => subnet.subnetId);
    this.assignPublicIp = props.assignPublicIp ?? (isPublic && props.subnetIds === undefined);
  }
}

function publicVpc(scope: Construct): VpcLike {
  return new Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'tasks', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
    restrictDefaultSecurityGroup: false,
  });
}
