import { parseEcrRegistry } from '@serverless-gitlab-runner/fleet';
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { fleetSecretArns, PULL_ACTIONS, readImages } from '../policies/statements.ts';
import type { HelperImages } from './helper-images.ts';

export interface JobExecutionRoleProps {
  readonly helperImages: HelperImages;
  readonly logGroup: ILogGroup;
  /** ECR repositories whose images jobs may name: names (`*` allowed) in this account and region, or ARNs of others. */
  readonly imageRepositories: readonly string[];
  /** Mirrors as fleets name them. ECR pull-through caches among them may be pulled from, which fills them. */
  readonly imageMirrors: readonly string[];
  readonly parameterPrefix: string;
  readonly fleet: string;
  /** ARNs of the fleet's secrets with registry logins. */
  readonly registrySecretArns: readonly string[];
}

/** The role with which Fargate (not the job) pulls the images of a fleet's jobs and writes their containers' logs. */
export class JobExecutionRole extends Construct {
  readonly role: Role;
  /** ECR repositories of jobs' images. */
  private readonly imageArns: readonly string[];

  constructor(scope: Construct, id: string, props: JobExecutionRoleProps) {
    super(scope, id);
    const { helperImages, logGroup, parameterPrefix, fleet, registrySecretArns } = props;
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: `Pulls the images of the jobs of fleet ${fleet} and writes their logs`,
    });
    logGroup.grantWrite(this.role);
    for (const image of new Set(Object.values(helperImages))) image.grantPull(this.role);
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'ReadRegistryLogins',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [fleetSecretArns(this, parameterPrefix, fleet), ...registrySecretArns],
      }),
    );
    const caches = props.imageMirrors.flatMap((mirror) => cacheArn(this, mirror) ?? []);
    const repositories = props.imageRepositories.map((name) =>
      name.startsWith('arn:') ? name : repositoryArn(this, name),
    );
    this.imageArns = [...new Set([...repositories, ...caches])];
    this.grantRead(this.role, 'PullJobImages', PULL_ACTIONS);
    this.grantFill([...new Set(caches)]);
  }

  /** Lets a manager read the configurations of jobs' images, to find their entry points. */
  grantReadConfigs(manager: Role): void {
    this.grantRead(manager, 'ReadImageConfigs', ['ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage']);
  }

  private grantRead(role: Role, sid: string, actions: readonly string[]): void {
    if (this.imageArns.length === 0) return;
    for (const statement of readImages(sid, actions, this.imageArns)) role.addToPolicy(statement);
  }

  /**
   * Lets the first pull of an image add it, and its repository, to the cache.
   * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
   */
  private grantFill(resources: string[]): void {
    if (resources.length === 0) return;
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'FillImageCaches',
        actions: ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'],
        resources,
      }),
    );
  }
}

function repositoryArn(scope: Construct, resourceName: string): string {
  return Stack.of(scope).formatArn({ service: 'ecr', resource: 'repository', resourceName });
}

/**
 * ARN of the repositories of a mirror in an ECR registry; undefined for other mirrors. A mirror without a path would open every
 * repository of the registry, so it grants nothing.
 */
function cacheArn(scope: Construct, mirror: string): string | undefined {
  const [host = '', ...path] = mirror.split('/');
  const registry = parseEcrRegistry(host);
  const resourceName = path.join('/');
  if (!registry || !resourceName) return undefined;
  return Stack.of(scope).formatArn({
    service: 'ecr',
    ...registry,
    resource: 'repository',
    resourceName: `${resourceName}/*`,
  });
}
