import { TAG, type TaskRole, toTags } from '@serverless-gitlab-runner/fleet';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { arn, roleTag } from './names.ts';

/** The cluster that a statement is about. */
export interface ClusterNames {
  readonly clusterArn: string;
  readonly clusterName: string;
}

/** Every task of the cluster. */
export function taskArns(scope: Construct, cluster: ClusterNames): string {
  return arn(scope, 'ecs', `task/${cluster.clusterName}/*`);
}

/** A task definition family without a revision, as RunTask is called, and all its revisions. */
export function familyArns(scope: Construct, family: string): string[] {
  return [arn(scope, 'ecs', `task-definition/${family}`), arn(scope, 'ecs', `task-definition/${family}:*`)];
}

/**
 * Statements that find the cluster's tasks. ListTasks supports no resource for tasks (only container instances, which Fargate
 * lacks), so its resource is `*` and a condition limits it to the cluster.
 * @param fleet allows describing only tasks of that fleet, and tasks without tags: StopTask removes a task's tags, and the caller
 * must see it end
 */
export function findTasks(scope: Construct, cluster: ClusterNames, fleet?: string): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'ListTasks',
      actions: ['ecs:ListTasks'],
      resources: ['*'],
      conditions: inCluster(cluster),
    }),
    new PolicyStatement({
      sid: 'DescribeTasks',
      actions: ['ecs:DescribeTasks'],
      resources: [taskArns(scope, cluster)],
      conditions: { ...inCluster(cluster), ...(fleet === undefined ? {} : ofNoOtherFleet(fleet)) },
    }),
  ];
}

export interface RunTasksProps {
  /** Family of the task definition; `*` matches anything. */
  readonly family: string;
  /** Roles that the tasks are given. */
  readonly roleArns: readonly string[];
  /** Tags that every task must be given. */
  readonly tags: Readonly<Partial<Record<keyof typeof TAG, string>>>;
}

/** Statements that run tasks of a family in the cluster, with these tags and roles. They do not permit retagging running tasks. */
export function runTasks(
  scope: Construct,
  cluster: ClusterNames,
  { family, roleArns, tags }: RunTasksProps,
): PolicyStatement[] {
  const tagged = tagConditions('aws:RequestTag', tags);
  return [
    new PolicyStatement({
      sid: 'RunTask',
      actions: ['ecs:RunTask'],
      resources: familyArns(scope, family),
      conditions: { ...inCluster(cluster), StringEquals: tagged },
    }),
    new PolicyStatement({
      sid: 'TagOnRunTask',
      actions: ['ecs:TagResource'],
      resources: [taskArns(scope, cluster)],
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask', ...tagged } },
    }),
    new PolicyStatement({
      sid: 'PassTaskRoles',
      actions: ['iam:PassRole'],
      resources: [...roleArns],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    }),
  ];
}

/** Statement that writes demand and drain marks on running managers. */
export function tagManagers(scope: Construct, cluster: ClusterNames): PolicyStatement {
  return new PolicyStatement({
    sid: 'TagManagers',
    actions: ['ecs:TagResource'],
    resources: [taskArns(scope, cluster)],
    conditions: { StringEquals: { [roleTag()]: 'manager' satisfies TaskRole } },
  });
}

/** Statement that writes only the job's id on a fleet's job tasks, as a claim does on a task that was started ahead. */
export function claimTasks(scope: Construct, cluster: ClusterNames, fleet: string): PolicyStatement {
  const ofFleet = tagConditions('aws:ResourceTag', { role: 'job', fleet });
  return new PolicyStatement({
    sid: 'ClaimTasks',
    actions: ['ecs:TagResource'],
    resources: [taskArns(scope, cluster)],
    conditions: {
      StringEquals: ofFleet,
      'ForAllValues:StringEquals': { 'aws:TagKeys': [TAG.jobId] },
      Null: { 'aws:TagKeys': 'false' },
    },
  });
}

/** Statement that reads tags of a fleet's tasks, and of tasks without tags. */
export function readTags(scope: Construct, cluster: ClusterNames, fleet: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'ReadDrainMark',
    actions: ['ecs:ListTagsForResource'],
    resources: [taskArns(scope, cluster)],
    conditions: ofNoOtherFleet(fleet),
  });
}

/** Statement that stops managed tasks of these roles, of all fleets or of one. */
export function stopTasks(
  scope: Construct,
  cluster: ClusterNames,
  roles: TaskRole[],
  fleet?: string,
): PolicyStatement {
  const ofFleet = fleet === undefined ? {} : tagConditions('aws:ResourceTag', { fleet });
  return new PolicyStatement({
    sid: 'StopTasks',
    actions: ['ecs:StopTask'],
    resources: [taskArns(scope, cluster)],
    conditions: { ...inCluster(cluster), StringEquals: { [roleTag()]: roles, ...ofFleet } },
  });
}

/**
 * Statement that finds and deregisters task definitions. AWS supports neither a resource nor a condition key for these actions,
 * so they apply to the whole account and region; the reaper restricts itself to families of job tasks. A deregistered definition
 * can be read and registered again, and its running tasks continue.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
 */
export function deregisterDefinitions(): PolicyStatement {
  return new PolicyStatement({
    sid: 'DeregisterUnusedDefinitions',
    actions: ['ecs:DeregisterTaskDefinition', 'ecs:DescribeTaskDefinition', 'ecs:ListTaskDefinitionFamilies'],
    resources: ['*'],
  });
}

function inCluster(cluster: ClusterNames): { ArnEquals: Record<string, string> } {
  return { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
}

/** Condition that a task does not have another fleet's tag. */
function ofNoOtherFleet(fleet: string): { StringEqualsIfExists: Record<string, string> } {
  return { StringEqualsIfExists: tagConditions('aws:ResourceTag', { fleet }) };
}

/** This project's tags as condition keys. */
function tagConditions(
  key: 'aws:RequestTag' | 'aws:ResourceTag',
  tags: Readonly<Partial<Record<keyof typeof TAG, string>>>,
): Record<string, string> {
  return Object.fromEntries(toTags(tags).map((tag) => [`${key}/${tag.key}`, tag.value]));
}
