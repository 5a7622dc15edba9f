import { CfnSecurityGroup, CfnSecurityGroupEgress } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** SSH port of the job task's helper, which the manager connects to. */
export const HELPER_SSH_PORT = 10_022;

const ANYWHERE = '0.0.0.0/0';

export interface FleetSecurityGroupsProps {
  readonly fleet: string;
  readonly vpcId: string;
  /** TCP ports on any host that managers may reach, in addition to DNS. */
  readonly managerEgressPorts: readonly number[];
}

/** A fleet's security groups: only its managers may connect to the helpers of its job tasks; no other ingress is allowed. */
export class FleetSecurityGroups extends Construct {
  readonly managerSecurityGroupId: string;
  readonly jobSecurityGroupId: string;

  constructor(scope: Construct, id: string, { fleet, vpcId, managerEgressPorts }: FleetSecurityGroupsProps) {
    super(scope, id);
    const managers = new CfnSecurityGroup(this, 'Managers', {
      vpcId,
      groupDescription: `Runner managers of fleet ${fleet}: no way in`,
      securityGroupEgress: [
        ...managerEgressPorts.map((port) => egress('tcp', port, 'GitLab, AWS, registries, proxies')),
        egress('udp', 53, 'DNS'),
        egress('tcp', 53, 'DNS'),
      ],
    });
    // Ingress is in the group itself and egress is a separate resource, because each names the other group.
    const jobs = new CfnSecurityGroup(this, 'Jobs', {
      vpcId,
      groupDescription: `Job tasks of fleet ${fleet}: SSH from their managers only`,
      securityGroupIngress: [
        {
          ...onlyPort('tcp', HELPER_SSH_PORT),
          sourceSecurityGroupId: managers.attrGroupId,
          description: 'The manager runs the job through the helper',
        },
      ],
      securityGroupEgress: [{ ipProtocol: '-1', cidrIp: ANYWHERE, description: 'What jobs reach' }],
    });
    new CfnSecurityGroupEgress(this, 'ManagersToJobs', {
      ...onlyPort('tcp', HELPER_SSH_PORT),
      groupId: managers.attrGroupId,
      destinationSecurityGroupId: jobs.attrGroupId,
      description: 'The helpers of job tasks',
    });
    this.managerSecurityGroupId = managers.attrGroupId;
    this.jobSecurityGroupId = jobs.attrGroupId;
  }
}

function egress(protocol: 'tcp' | 'udp', port: number, description: string): CfnSecurityGroup.EgressProperty {
  return { ...onlyPort(protocol, port), cidrIp: ANYWHERE, description };
}

function onlyPort(ipProtocol: 'tcp' | 'udp', port: number) {
  return { ipProtocol, fromPort: port, toPort: port };
}
