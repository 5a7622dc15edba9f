import { MANAGER_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { type Intrinsics, intrinsicsOf } from './intrinsics.ts';
import { recordedNames } from './physical-names.ts';
import type { Recording } from './recording.ts';
import {
  resourcesOf,
  type StackResource,
  statementsOfRole,
  type Template,
  type TemplateStatement,
} from './template.ts';

/** A policy statement with resolved intrinsic functions. */
export interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string[]>>;
}

/** A role of the installation. */
export interface Role {
  /** Its caller (`callerOfFleet` for managers); for roles of other services, the logical id without the hash. */
  name: string;
  arn: string;
  statements: Statement[];
}

/** The synthesised stacks as deployed. */
export interface Installation {
  /** Roles by name. */
  roles: ReadonlyMap<string, Role>;
  /** Names of the roles of Lambda functions with environment variables. */
  functionRoles: readonly string[];
  /** Task and execution roles of the templates' task definitions, by family. */
  taskRoles: ReadonlyMap<string, string[]>;
}

/** The fleet in recordings. */
const RECORDED_FLEET = 'default';

/** A manager's name as a caller; `manager` in recordings, which contain one fleet only. */
export function callerOfFleet(fleet: string): string {
  return fleet === RECORDED_FLEET ? 'manager' : `manager of ${fleet}`;
}

const functionSchema = z.object({
  Role: z.unknown(),
  Environment: z.object({ Variables: z.object({ POWERTOOLS_SERVICE_NAME: z.string() }) }),
});

const definitionSchema = z.object({
  Family: z.string(),
  TaskRoleArn: z.unknown(),
  ExecutionRoleArn: z.unknown(),
});

/** Reads roles and policies from the templates, with resource names from the recording. */
export function readInstallation(
  templates: Readonly<Record<string, Template>>,
  recording: Recording,
): Installation {
  const intrinsics = intrinsicsOf(templates, recordedNames(templates, recording));
  const definitions = resourcesOf(templates, 'AWS::ECS::TaskDefinition').map(({ stack, properties }) => {
    const { Family, TaskRoleArn, ExecutionRoleArn } = definitionSchema.parse(properties);
    const taskRole = intrinsics.textOf(stack, TaskRoleArn);
    return { Family, taskRole, executionRole: intrinsics.textOf(stack, ExecutionRoleArn) };
  });
  const callers = new Map<string, string>();
  for (const { Family, taskRole } of definitions) {
    if (Family.startsWith(MANAGER_FAMILY_PREFIX))
      callers.set(taskRole, callerOfFleet(Family.slice(MANAGER_FAMILY_PREFIX.length)));
  }
  const functionRoles: string[] = [];
  for (const { stack, properties } of resourcesOf(templates, 'AWS::Lambda::Function')) {
    const { Role: role, Environment } = functionSchema.parse(properties);
    callers.set(intrinsics.textOf(stack, role), Environment.Variables.POWERTOOLS_SERVICE_NAME);
    functionRoles.push(Environment.Variables.POWERTOOLS_SERVICE_NAME);
  }
  const roles = resourcesOf(templates, 'AWS::IAM::Role').map((resource) => {
    const arn = intrinsics.textOf(resource.stack, { 'Fn::GetAtt': [resource.id, 'Arn'] });
    const name = callers.get(arn) ?? resource.id.replace(/[0-9A-F]{8}$/, '');
    return { name, arn, statements: resolved(statementsOfRole(templates, resource), resource, intrinsics) };
  });
  return {
    roles: new Map(roles.map((role) => [role.name, role])),
    functionRoles,
    taskRoles: new Map(
      definitions.map(({ Family, taskRole, executionRole }) => [Family, [taskRole, executionRole]]),
    ),
  };
}

function resolved(
  statements: readonly TemplateStatement[],
  { stack }: StackResource,
  { textsOf }: Intrinsics,
): Statement[] {
  return statements.map(({ Sid, Effect, Action, Resource, Condition }, index) => ({
    Sid: Sid ?? `Unnamed${index + 1}`,
    Effect,
    Action: textsOf(stack, Action),
    Resource: textsOf(stack, Resource),
    ...(Condition ? { Condition: eachKey(Condition, (value) => textsOf(stack, value)) } : {}),
  }));
}

function eachKey(
  condition: Record<string, Record<string, unknown>>,
  texts: (value: unknown) => string[],
): Record<string, Record<string, string[]>> {
  return Object.fromEntries(
    Object.entries(condition).map(([operator, keys]) => [
      operator,
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, texts(value)])),
    ]),
  );
}
