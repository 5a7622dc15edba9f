import { jobFamilyPrefix } from '@serverless-gitlab-runner/fleet';
import type { EventName } from '@serverless-gitlab-runner/shared-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type ClusterNames, familyArns, findTasks, readTags, runTasks, stopTasks } from './ecs-statements.ts';
import { lendSecrets, putEvents, readParameters } from './statements.ts';

export interface ManagerPermissions extends ClusterNames {
  readonly fleet: string;
  readonly parameterPrefix: string;
  readonly eventBusArn: string;
  readonly jobExecutionRoleArn: string;
  readonly jobTaskRoleArn: string | undefined;
  /** Of the fleet's jobs, and of no other's. */
  readonly jobLogGroup: ILogGroup;
}

/** What managers say on the bus. What asks for managers is not among it: one could ask in another fleet's name. */
const EVENTS: readonly EventName[] = [
  'JobTaskFinished',
  'JobTaskStarted',
  'ManagerLaunchFailed',
  'ManagerStopped',
];

/** What a runner manager may do: with what is its own fleet's, as far as IAM can tell fleets apart. */
export function managerStatements(scope: Construct, props: ManagerPermissions): PolicyStatement[] {
  const { fleet, parameterPrefix, jobTaskRoleArn } = props;
  const family = `${jobFamilyPrefix(fleet)}*`;
  const own = `fleets/${fleet}`;
  return [
    readParameters(
      scope,
      parameterPrefix,
      ['ssm:GetParameter'],
      [`${own}/config`, `${own}/runner-token`, `${own}/runner-tokens/*`],
    ),
    ...findTasks(scope, props, fleet),
    ...runTasks(scope, props, {
      family,
      roleArns: [props.jobExecutionRoleArn, ...(jobTaskRoleArn === undefined ? [] : [jobTaskRoleArn])],
      tags: { role: 'job', fleet },
    }),
    stopTasks(scope, props, ['job'], fleet),
    readTags(scope, props, fleet),
    new PolicyStatement({
      sid: 'RegisterJobDefinitions',
      actions: ['ecs:RegisterTaskDefinition'],
      resources: familyArns(scope, family),
    }),
    // DescribeTaskDefinition has no resource level: AWS's service authorization reference names none.
    new PolicyStatement({
      sid: 'ReadJobDefinitions',
      actions: ['ecs:DescribeTaskDefinition'],
      resources: ['*'],
    }),
    lendSecrets(scope, parameterPrefix, fleet),
    new PolicyStatement({
      sid: 'ReadServiceOutput',
      actions: ['logs:GetLogEvents'],
      // Ends in `:*`, which is every stream of it.
      resources: [props.jobLogGroup.logGroupArn],
    }),
    putEvents(props.eventBusArn, EVENTS),
  ];
}
