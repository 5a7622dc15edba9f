import { DescribeClustersCommand, type ECSClient } from '@aws-sdk/client-ecs';
import { GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';
import type { AccountFacts } from '../checks/check-account.ts';

export async function readAccount(ecs: ECSClient, iam: IAMClient, cluster: string): Promise<AccountFacts> {
  const [hasServiceLinkedRole, { clusters = [] }] = await Promise.all([
    hasRole(iam, 'AWSServiceRoleForECS'),
    ecs.send(new DescribeClustersCommand({ clusters: [cluster] })),
  ]);
  return { hasServiceLinkedRole, capacityProviders: clusters[0]?.capacityProviders ?? [] };
}

async function hasRole(iam: IAMClient, RoleName: string): Promise<boolean> {
  try {
    await iam.send(new GetRoleCommand({ RoleName }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('NoSuchEntity')) return false;
    throw error;
  }
}
