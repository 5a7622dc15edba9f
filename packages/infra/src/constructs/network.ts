import { CfnSecurityGroup, type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** Port of the job task's helper, on which the manager reaches it. */
export const HELPER_SSH_PORT = 10_022;

/** What is needed of a VPC; CDK's `Vpc` and `IVpc` both are one. */
export type VpcParts = Pick<IVpc, 'vpcId' | 'publicSubnets' | 'privateSubnets'>;

export interface NetworkProps {
  /**
   * Network to use instead of an own one.
   * @default a VPC with public subnets in two zones and no NAT gateway: it costs nothing while nothing runs
   */
  readonly vpc?: VpcParts;
  /**
   * Subnets of `vpc` for managers and job tasks.
   * @default the private subnets with egress of `vpc`, or its public ones where it has none
   */
  readonly subnetIds?: readonly string[];
  /**
   * Whether tasks get a public IPv4 address.
   * @default true in the own VPC and in public subnets found in `vpc`, else false
   */
  readonly assignPublicIp?: boolean;
}

/** Where tasks run, and who may talk to whom: managers to the helpers of job tasks, nobody else to anybody. */
export class Network extends Construct {
  readonly subnetIds: readonly string[];
  readonly assignPublicIp: boolean;
  readonly managerSecurityGroupId: string;
  readonly jobSecurityGroupId: string;

  constructor(scope: Construct, id: string, props: NetworkProps = {}) {
    super(scope, id);
    const vpc: VpcParts = props.vpc ?? publicVpc(this);
    const isPublic = vpc.privateSubnets.length === 0;
    const subnets = isPublic ? vpc.publicSubnets : vpc.privateSubnets;
    this.subnetIds = props.subnetIds ?? subnets.map((subnet) => subnet.subnetId);
    this.assignPublicIp = props.assignPublicIp ?? (isPublic && props.subnetIds === undefined);

    const managers = securityGroup(this, 'ManagerSecurityGroup', vpc, 'Runner managers: no way in');
    this.managerSecurityGroupId = managers.attrGroupId;
    const jobs = securityGroup(this, 'JobSecurityGroup', vpc, 'Job tasks: SSH from their managers only', [
      {
        ipProtocol: 'tcp',
        fromPort: HELPER_SSH_PORT,
        toPort: HELPER_SSH_PORT,
        sourceSecurityGroupId: managers.attrGroupId,
        description: 'The manager runs the job through the helper',
      },
    ]);
    this.jobSecurityGroupId = jobs.attrGroupId;
  }
}

function publicVpc(scope: Construct): VpcParts {
  return new Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'tasks', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
    restrictDefaultSecurityGroup: false,
  });
}

/** Level one, because level two makes a resource of its own of a rule between groups, which emulators do not know. */
function securityGroup(
  scope: Construct,
  id: string,
  { vpcId }: VpcParts,
  groupDescription: string,
  securityGroupIngress: CfnSecurityGroup.IngressProperty[] = [],
): CfnSecurityGroup {
  return new CfnSecurityGroup(scope, id, {
    vpcId,
    groupDescription,
    securityGroupIngress,
    securityGroupEgress: [
      { ipProtocol: '-1', cidrIp: '0.0.0.0/0', description: 'GitLab, AWS, registries, and what jobs reach' },
    ],
  });
}
