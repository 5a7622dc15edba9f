import { JOB_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import {
  type ClusterNames,
  familyArns,
  findTasks,
  lendSecrets,
  putEvents,
  readParameters,
  runTasks,
  stopTasks,
  taskArns,
} from './statements.ts';

export interface ManagerPermissions extends ClusterNames {
  readonly parameterPrefix: string;
  readonly eventBusArn: string;
  readonly jobExecutionRoleArn: string;
  readonly jobTaskRoleArns: readonly string[];
  readonly jobLogGroup: ILogGroup;
}

/** What a runner manager may do. */
export function managerStatements(scope: Construct, props: ManagerPermissions): PolicyStatement[] {
  const jobFamilies = `${JOB_FAMILY_PREFIX}*`;
  return [
    readParameters(
      scope,
      props.parameterPrefix,
      ['ssm:GetParameter'],
      ['fleets/*/config', 'fleets/*/runner-token', 'fleets/*/runner-tokens/*'],
    ),
    ...findTasks(scope, props),
    ...runTasks(scope, props, jobFamilies, [props.jobExecutionRoleArn, ...props.jobTaskRoleArns]),
    stopTasks(scope, props, ['job']),
    new PolicyStatement({
      sid: 'ReadDrainMark',
      actions: ['ecs:ListTagsForResource'],
      resources: [taskArns(scope, props)],
    }),
    new PolicyStatement({
      sid: 'RegisterJobDefinitions',
      actions: ['ecs:RegisterTaskDefinition'],
      resources: familyArns(scope, jobFamilies),
    }),
    // DescribeTaskDefinition has no resource level: AWS's service authorization reference names none.
    new PolicyStatement({
      sid: 'ReadJobDefinitions',
      actions: ['ecs:DescribeTaskDefinition'],
      resources: ['*'],
    }),
    lendSecrets(scope, props.parameterPrefix),
    new PolicyStatement({
      sid: 'ReadServiceOutput',
      actions: ['logs:GetLogEvents'],
      // Ends in `:*`, which is every stream of it.
      resources: [props.jobLogGroup.logGroupArn],
    }),
    putEvents(props.eventBusArn),
  ];
}
