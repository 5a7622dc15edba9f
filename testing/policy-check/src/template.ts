import * as z from 'zod';

const statementSchema = z.object({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.unknown(),
  Resource: z.unknown(),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});

export type TemplateStatement = z.infer<typeof statementSchema>;

/** Strict: managed and inline policies of a role are not supported and would be missed. */
const roleSchema = z.strictObject({
  Description: z.string().optional(),
  Path: z.unknown().optional(),
  AssumeRolePolicyDocument: z.unknown(),
  Tags: z.unknown().optional(),
});

const policySchema = z.strictObject({
  PolicyName: z.string(),
  PolicyDocument: z.object({ Version: z.string(), Statement: z.array(statementSchema) }),
  Roles: z.array(z.object({ Ref: z.string() })),
});

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Export: z.object({ Name: z.string() }).optional() }))
    .default({}),
});

/** A synthesised CloudFormation template. */
export type Template = z.infer<typeof templateSchema>;

/** Templates by stack name. */
export type Templates = Readonly<Record<string, Template>>;

/**
 * Parses a template.
 * @throws {z.ZodError} if invalid
 */
export function parseTemplate(json: string): Template {
  return templateSchema.parse(JSON.parse(json));
}

/** A resource of a stack. */
export interface StackResource {
  stack: string;
  id: string;
  properties: Readonly<Record<string, unknown>>;
}

/** All resources of a type in all stacks. */
export function resourcesOf(templates: Templates, type: string): StackResource[] {
  return Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, { Properties }]) => ({ stack, id, properties: Properties })),
  );
}

/**
 * Statements of the policies attached to a role.
 * @throws {z.ZodError} if the role has policies of an unsupported kind
 */
export function statementsOfRole(templates: Templates, { stack, id, properties }: StackResource) {
  roleSchema.parse(properties);
  return resourcesOf(templates, 'AWS::IAM::Policy')
    .filter((policy) => policy.stack === stack)
    .map((policy) => policySchema.parse(policy.properties))
    .filter(({ Roles }) => Roles.some(({ Ref }) => Ref === id))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}
