import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { listOf, textOf } from './resolve.ts';

/** A statement of a role's policy, with values as text. */
export interface RoleStatement {
  /** The role's description. */
  role: string;
  sid: string | undefined;
  effect: 'Allow' | 'Deny';
  actions: string[];
  resources: string[];
  conditions: Record<string, Record<string, string[]>>;
}

const statementSchema = z.object({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.unknown(),
  Resource: z.unknown(),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

const policySchema = z.object({
  PolicyDocument: z.object({ Statement: z.array(statementSchema) }),
  Roles: z.array(z.object({ Ref: z.string() })),
});

/** Strict, so that inline or managed policies would fail: roles have only their policy resource. */
const roleSchema = z.strictObject({
  Description: z.string(),
  Path: z.unknown().optional(),
  AssumeRolePolicyDocument: z.unknown(),
  Tags: z.unknown().optional(),
});

/** Every statement of every role in a template. */
export function roleStatements(template: Template): RoleStatement[] {
  const roles = new Map(
    Object.entries(template.findResources('AWS::IAM::Role')).map(([id, role]) => [
      id,
      roleSchema.parse(role.Properties).Description,
    ]),
  );
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap((policy) => {
    const { PolicyDocument, Roles } = policySchema.parse(policy.Properties);
    return Roles.flatMap(({ Ref }) =>
      PolicyDocument.Statement.map((statement) => toStatement(roles.get(Ref) ?? Ref, statement)),
    );
  });
}

function toStatement(role: string, statement: z.infer<typeof statementSchema>): RoleStatement {
  return {
    role,
    sid: statement.Sid,
    effect: statement.Effect,
    actions: listOf(statement.Action).map(textOf),
    resources: listOf(statement.Resource).map(textOf),
    conditions: Object.fromEntries(
      Object.entries(statement.Condition).map(([operator, keys]) => [operator, texts(keys)]),
    ),
  };
}

function texts(keys: Record<string, unknown>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, listOf(value).map(textOf)]));
}
