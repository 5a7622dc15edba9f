import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { jobSecretArns } from '../policies/statements.ts';
import type { ResolvedImage } from './image-source.ts';

export interface JobExecutionRoleProps {
  readonly helperImage: ResolvedImage;
  readonly logGroup: ILogGroup;
  /** Names (`*` allowed) of this account's ECR repositories whose images jobs may name. */
  readonly imageRepositories: readonly string[];
  readonly parameterPrefix: string;
  /** Secrets of fleets (ARNs) that hold logins of registries. */
  readonly registrySecretArns: readonly string[];
}

/** The role by which Fargate, not the job, pulls a job's images and writes its containers' logs. */
export class JobExecutionRole extends Construct {
  readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    { helperImage, logGroup, imageRepositories, parameterPrefix, registrySecretArns }: JobExecutionRoleProps,
  ) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: 'Pulls the images of job tasks and writes their logs',
    });
    logGroup.grantWrite(this.role);
    helperImage.grantPull(this.role);
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'ReadRegistryLogins',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [jobSecretArns(this, parameterPrefix), ...registrySecretArns],
      }),
    );
    if (imageRepositories.length > 0) this.grantRepositories(imageRepositories);
  }

  private grantRepositories(names: readonly string[]): void {
    const stack = Stack.of(this);
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'PullJobImages',
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        resources: names.map((resourceName) =>
          stack.formatArn({ service: 'ecr', resource: 'repository', resourceName }),
        ),
      }),
    );
    // GetAuthorizationToken has no resource level: a token is for the account's whole registry.
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'LogInToRegistry',
        actions: ['ecr:GetAuthorizationToken'],
        resources: ['*'],
      }),
    );
  }
}
