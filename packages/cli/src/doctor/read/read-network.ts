import {
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import type { ListedFleet } from '@serverless-gitlab-runner/fleet';
import type { SecurityGroupFacts, SubnetFacts } from '../checks/check-network.ts';

export interface NetworkFacts {
  subnets: SubnetFacts[];
  securityGroups: SecurityGroupFacts[];
}

/** Reads the subnets and security groups that the fleets' documents name. */
export async function readNetwork(ec2: EC2Client, fleets: readonly ListedFleet[]): Promise<NetworkFacts> {
  const networks = fleets.flatMap((fleet) =>
    'config' in fleet ? { fleet: fleet.name, ...fleet.config.network } : [],
  );
  const subnetIds = unique(networks.flatMap(({ subnets }) => subnets));
  const groupIds = unique(
    networks.flatMap(({ managerSecurityGroups, jobSecurityGroups }) => [
      ...managerSecurityGroups,
      ...jobSecurityGroups,
    ]),
  );
  const [vpcs, groups] = await Promise.all([vpcsOf(ec2, subnetIds), existingGroups(ec2, groupIds)]);
  const tables = await routeTables(ec2, unique([...vpcs.values()]));
  return {
    subnets: networks.flatMap(({ fleet, subnets, assignPublicIp }) =>
      subnets.map((id) => ({
        fleet,
        id,
        exists: vpcs.has(id),
        wayOut: wayOutOf(id, vpcs.get(id), tables),
        hasPublicAddress: assignPublicIp,
      })),
    ),
    securityGroups: networks.flatMap(({ fleet, managerSecurityGroups, jobSecurityGroups }) =>
      unique([...managerSecurityGroups, ...jobSecurityGroups]).map((id) => ({
        fleet,
        id,
        exists: groups.has(id),
      })),
    ),
  };
}

/** The VPC of each subnet that exists. A filter, unlike a list of ids, does not fail for others. */
async function vpcsOf(ec2: EC2Client, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const Filters = [{ Name: 'subnet-id', Values: [...ids] }];
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
  return new Map(Subnets.map(({ SubnetId = '', VpcId = '' }) => [SubnetId, VpcId]));
}

async function existingGroups(ec2: EC2Client, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const Filters = [{ Name: 'group-id', Values: [...ids] }];
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  return new Set(SecurityGroups.map(({ GroupId = '' }) => GroupId));
}

async function routeTables(ec2: EC2Client, vpcs: readonly string[]): Promise<RouteTable[]> {
  if (vpcs.length === 0) return [];
  const Filters = [{ Name: 'vpc-id', Values: [...vpcs] }];
  return (await ec2.send(new DescribeRouteTablesCommand({ Filters }))).RouteTables ?? [];
}

/** Where a subnet's default route leads: by its own route table, or by its VPC's main one. */
function wayOutOf(
  subnet: string,
  vpc: string | undefined,
  tables: readonly RouteTable[],
): SubnetFacts['wayOut'] {
  const own = tables.find(({ Associations = [] }) =>
    Associations.some(({ SubnetId }) => SubnetId === subnet),
  );
  const main = tables.find(
    ({ VpcId, Associations = [] }) => VpcId === vpc && Associations.some(({ Main }) => Main),
  );
  const route = (own ?? main)?.Routes?.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === '0.0.0.0/0' && State !== 'blackhole',
  );
  if (route === undefined) return undefined;
  return route.GatewayId?.startsWith('igw-') ? 'internet-gateway' : 'other';
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
