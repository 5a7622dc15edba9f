import { broken, type Finding } from '../finding.ts';

export interface AccountFacts {
  hasServiceLinkedRole: boolean;
  /** Of the cluster. */
  capacityProviders: readonly string[];
}

const CAPACITY_PROVIDERS = ['FARGATE', 'FARGATE_SPOT'];

/** What ECS needs of the account and the cluster. */
export function checkAccount({ hasServiceLinkedRole, capacityProviders }: AccountFacts): Finding[] {
  const missing = CAPACITY_PROVIDERS.filter((name) => !capacityProviders.includes(name));
  return [
    ...(hasServiceLinkedRole
      ? []
      : [
          broken(
            'service-linked-role-missing',
            'The account lacks the role AWSServiceRoleForECS, so ECS attaches no network to a task',
            'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
          ),
        ]),
    ...(missing.length === 0
      ? []
      : [
          broken(
            'capacity-provider-missing',
            `The cluster lacks the capacity ${missing.length === 1 ? 'provider' : 'providers'} ${missing.join(' and ')}`,
            'npm run deploy, or aws ecs put-cluster-capacity-providers',
          ),
        ]),
  ];
}
