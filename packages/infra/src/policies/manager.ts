import { jobFamilyPrefix } from '@serverless-gitlab-runner/fleet';
import type { EventName } from '@serverless-gitlab-runner/shared-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import {
  type ClusterNames,
  claimTasks,
  familyArns,
  findTasks,
  readTags,
  runTasks,
  stopTasks,
} from './ecs-statements.ts';
import { leaseSecrets, putEvents, readParameters } from './statements.ts';

export interface ManagerPermissions extends ClusterNames {
  readonly fleet: string;
  readonly parameterPrefix: string;
  readonly eventBusArn: string;
  readonly jobExecutionRoleArn: string;
  readonly jobTaskRoleArn: string | undefined;
  /** Log group of only this fleet's jobs. */
  readonly jobLogGroup: ILogGroup;
}

/** Events that managers may publish. `ManagerRequested` is not among them: a manager could request another fleet's. */
const EVENTS: readonly EventName[] = [
  'AheadTaskStopped',
  'JobTaskFinished',
  'JobTaskStarted',
  'ManagerLaunchFailed',
  'ManagerStopped',
];

/** The permissions of a manager: limited to its own fleet's resources, as far as IAM can distinguish fleets. */
export function managerStatements(scope: Construct, props: ManagerPermissions): PolicyStatement[] {
  const { fleet, parameterPrefix, jobTaskRoleArn } = props;
  const family = `${jobFamilyPrefix(fleet)}*`;
  const own = `fleets/${fleet}`;
  return [
    readParameters(
      scope,
      parameterPrefix,
      ['ssm:GetParameter'],
      [`${own}/config`, `${own}/ca`, `${own}/runner-token`, `${own}/runner-tokens/*`],
    ),
    ...findTasks(scope, props, fleet),
    ...runTasks(scope, props, {
      family,
      roleArns: [props.jobExecutionRoleArn, ...(jobTaskRoleArn === undefined ? [] : [jobTaskRoleArn])],
      tags: { role: 'job', fleet },
    }),
    claimTasks(scope, props, fleet),
    stopTasks(scope, props, ['job'], fleet),
    readTags(scope, props, fleet),
    new PolicyStatement({
      sid: 'RegisterJobDefinitions',
      actions: ['ecs:RegisterTaskDefinition'],
      resources: familyArns(scope, family),
    }),
    // DescribeTaskDefinition supports no resource, according to AWS's service authorization reference.
    new PolicyStatement({
      sid: 'ReadJobDefinitions',
      actions: ['ecs:DescribeTaskDefinition'],
      resources: ['*'],
    }),
    leaseSecrets(scope, parameterPrefix, fleet),
    new PolicyStatement({
      sid: 'ReadServiceOutput',
      actions: ['logs:GetLogEvents'],
      // Ends in `:*`, which covers every stream.
      resources: [props.jobLogGroup.logGroupArn],
    }),
    putEvents(props.eventBusArn, EVENTS),
  ];
}
