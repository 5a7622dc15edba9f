/**
 * Permissions that ECS checks.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
 */
import { arnOf, asArn, nameIn } from '../arns.ts';
import type { RecordedCall } from '../recording.ts';
import {
  type Facts,
  type Need,
  type NeedsOf,
  optionalText,
  recordedTags,
  requestTags,
  resourceTags,
  text,
  texts,
  UnevaluableCallError,
} from './need.ts';

const TASKS_SERVICE = 'ecs-tasks.amazonaws.com';

export const ECS: Readonly<Record<string, NeedsOf>> = {
  // Its only resource type is a container instance, which Fargate lacks.
  ListTasks: (call) => [{ action: 'ecs:ListTasks', resource: '*', context: inCluster(call) }],
  DescribeTasks: (call, facts) =>
    texts(call, 'tasks').map((task) => onTask('ecs:DescribeTasks', task, inCluster(call), call, facts)),
  StopTask: (call, facts) => [onTask('ecs:StopTask', text(call, 'task'), inCluster(call), call, facts)],
  ListTagsForResource: (call, facts) => [
    onTask('ecs:ListTagsForResource', text(call, 'resourceArn'), {}, call, facts),
  ],
  TagResource: (call, facts) => [
    onTask('ecs:TagResource', text(call, 'resourceArn'), requestTags(recordedTags(call)), call, facts),
  ],
  RunTask: runTask,
  RegisterTaskDefinition: registerTaskDefinition,
  DeregisterTaskDefinition: () => withoutResource('ecs:DeregisterTaskDefinition'),
  DescribeTaskDefinition: () => withoutResource('ecs:DescribeTaskDefinition'),
  ListTaskDefinitionFamilies: () => withoutResource('ecs:ListTaskDefinitionFamilies'),
};

/** AWS defines no resource and no condition key for the action. */
function withoutResource(action: string): Need[] {
  return [{ action, resource: '*', context: {} }];
}

function runTask(call: RecordedCall, facts: Facts): Need[] {
  const definition = asArn(text(call, 'taskDefinition'), 'ecs', 'task-definition/');
  const [family = ''] = definition.slice(definition.indexOf('/') + 1).split(':');
  const tags = recordedTags(call);
  const context = { ...inCluster(call), ...requestTags(tags) };
  return [
    ...revisionsOf(definition, family).map((form) => ({ action: 'ecs:RunTask', ...form, context })),
    ...tagsOnCreation('RunTask', arnOf('ecs', `task/${nameIn(clusterArn(call))}/new`), tags),
    ...passRoles(rolesFor(call, family, facts)),
  ];
}

/** Without a revision, ECS uses the newest. Its denials have named both forms, so both must be granted. */
function revisionsOf(definition: string, family: string): Pick<Need, 'resource' | 'isUnlisted'>[] {
  if (!definition.endsWith(`/${family}`)) return [{ resource: definition }];
  return [{ resource: definition, isUnlisted: true }, { resource: `${definition}:1` }];
}

/** Roles of the definition and of the overrides: possibly more than AWS checks, never fewer. */
function rolesFor(call: RecordedCall, family: string, facts: Facts): string[] {
  const overridden = Object.values(Object(call.parameters.overriddenRoles)).filter(
    (role) => role !== undefined,
  );
  const defined = facts.rolesOfDefinition(family);
  if (defined === undefined) {
    throw new UnevaluableCallError(
      `neither the templates nor a recorded RegisterTaskDefinition contain the roles of ${family}`,
    );
  }
  return [...new Set([...defined, ...overridden.map(String)])];
}

function registerTaskDefinition(call: RecordedCall): Need[] {
  const definition = arnOf('ecs', `task-definition/${text(call, 'family')}:1`);
  const tags = recordedTags(call);
  return [
    { action: 'ecs:RegisterTaskDefinition', resource: definition, context: requestTags(tags) },
    ...tagsOnCreation('RegisterTaskDefinition', definition, tags),
    ...passRoles(registeredRoles(call)),
  ];
}

/** Roles in a RegisterTaskDefinition. */
export function registeredRoles(call: RecordedCall): string[] {
  return ['taskRoleArn', 'executionRoleArn'].flatMap((name) => optionalText(call, name) ?? []);
}

/** Tagging on creation needs a permission of its own. */
function tagsOnCreation(creation: string, resource: string, tags: readonly string[]): Need[] {
  if (tags.length === 0) return [];
  const context = { 'ecs:CreateAction': creation, ...requestTags(tags) };
  return [{ action: 'ecs:TagResource', resource, context }];
}

function passRoles(roles: readonly string[]): Need[] {
  return roles.map((role) => ({
    action: 'iam:PassRole',
    resource: asArn(role, 'iam', 'role/'),
    context: { 'iam:PassedToService': TASKS_SERVICE },
  }));
}

function onTask(
  action: string,
  task: string,
  context: Need['context'],
  call: RecordedCall,
  facts: Facts,
): Need {
  const resource = asArn(task, 'ecs', `task/${nameIn(clusterArn(call))}/`);
  return {
    action,
    resource,
    context: { ...context, ...resourceTags(facts.tagsOfTask(resource, call) ?? []) },
  };
}

function inCluster(call: RecordedCall): Need['context'] {
  return { 'ecs:cluster': clusterArn(call) };
}

function clusterArn(call: RecordedCall): string {
  return asArn(optionalText(call, 'cluster') ?? 'default', 'ecs', 'cluster/');
}
