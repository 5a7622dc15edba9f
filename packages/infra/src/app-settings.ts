import { DEFAULT_PARAMETER_PREFIX, fargatePricesSchema } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { givenFleetSchema } from './fleet-props.ts';

/** On the command line (`-c key=value`) every value is a string: these take JSON there, and the thing itself in cdk.json. */
function json<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (typeof value === 'string' ? parseJson(value) : value), schema);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const serviceNameSchema = z.enum(['webhook-receiver', 'runner-launcher', 'idle-reaper']);

const networkSchema = z.strictObject({
  vpcId: z.string().startsWith('vpc-'),
  subnets: z.array(z.string().startsWith('subnet-')).min(1),
  /** Whether tasks get a public IPv4 address. Default false. */
  assignPublicIp: z.boolean().default(false),
});

const cacheSchema = z.strictObject({
  bucketName: z.string().min(3).optional(),
  expireDays: z.int().min(1).max(3650).optional(),
  sizeAlarmGib: z.int().min(1).optional(),
});

const budgetSchema = z.strictObject({
  monthlyUsd: z.number().positive(),
  email: z.email().optional(),
});

/** What the app reads from CDK's context; every key may be missing. */
const settingsSchema = z.object({
  /** The fleets. Default: one named `default` for https://gitlab.com. */
  fleets: json(z.array(givenFleetSchema).min(1)).default([{ name: 'default' }]),
  /** Name of the manager's image. Default: built from images/runner. */
  runnerImage: z.string().min(1).optional(),
  /** Name of the helper's image. Default: built from images/job-base, for the architectures that the fleets' jobs may have. */
  jobBaseImage: z.string().min(1).optional(),
  /** The same for jobs on ARM64. Default: `jobBaseImage`, if that is named; else built. */
  jobBaseImageArm64: z.string().min(1).optional(),
  parameterPrefix: z
    .string()
    .regex(/^(\/[A-Za-z0-9_.-]+)+$/, 'begins with a slash and does not end with one')
    .default(DEFAULT_PARAMETER_PREFIX),
  /** Existing network. Default: an own VPC with public subnets. */
  network: json(networkSchema).optional(),
  managerCpu: z.coerce.number().int().default(256),
  managerMemoryMiB: z.coerce.number().int().default(1024),
  managerArchitecture: z.enum(['X86_64', 'ARM64']).default('X86_64'),
  /** Fargate's prices in the region, for job logs and events: `{ X86_64: { vcpu, gib }, ARM64: { vcpu, gib } }`, USD an hour. Default: known ones. */
  fargatePrices: json(fargatePricesSchema).optional(),
  managerEnvironment: json(z.record(z.string(), z.string())).default({}),
  /** TCP ports that managers reach beyond those that settings name, 8200 of a Vault server for example. Default none. */
  managerEgressPorts: json(z.array(z.int().min(1).max(65_535)).max(40)).default([]),
  /** ECR repositories whose images jobs may name: names in this account, or ARNs. Default none. */
  jobImageRepositories: json(z.array(z.string().min(1))).default([]),
  /** Mirrors that jobs' images are pulled through. Default those of the fleets. */
  jobImageMirrors: json(z.array(z.string().min(1))).optional(),
  /**
   * The jobs' cache on S3: `{}`, or `bucketName`, or `expireDays` (30) and `sizeAlarmGib` (500) of a bucket that is made. Default
   * none.
   */
  cache: json(cacheSchema).optional(),
  /** What GitLab's webhooks call. Default `function-url`, or `http-api` where the region has no function URLs. */
  webhookEndpoint: z.enum(['function-url', 'http-api']).optional(),
  /**
   * Whether a fleet's document of more than 4,096 characters may be an advanced parameter, of at most 8,192 characters, at $0.05 a month and
   * $0.05 for 10,000 reads. Default false: such a document is refused.
   */
  advancedFleetDocuments: json(z.boolean()).default(false),
  /** Reserved concurrency of the webhook's Lambda. Default none. */
  webhookConcurrency: z.coerce.number().int().positive().optional(),
  /** ARN of the SNS topic that alarms go to. Default none. */
  alarmTopicArn: z.string().startsWith('arn:').optional(),
  /** MiB logged within an hour, of managers or of one fleet's job tasks, from which an alarm rings. */
  loggedMibAlarm: z.coerce.number().positive().default(1024),
  /** A monthly budget of the account; `email`, the topic `alarmTopicArn`, or both are told. Default none. */
  budget: json(budgetSchema).optional(),
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  /** Services to synthesise; the shared stack always is. Default all three. */
  services: json(z.array(serviceNameSchema)).default(['webhook-receiver', 'runner-launcher', 'idle-reaper']),
});

export type AppSettings = z.infer<typeof settingsSchema>;

/** A key of CDK's context has a value that cannot be used. The message names it. */
export class InvalidContextError extends Error {
  override readonly name = 'InvalidContextError';
}

/**
 * Reads the app's settings.
 * @param lookUp CDK's `tryGetContext`
 * @throws {InvalidContextError}
 * @throws {InvalidFleetConfigError} for one of the fleets
 */
export function readSettings(lookUp: (key: string) => unknown): AppSettings {
  const given = Object.keys(settingsSchema.shape).map((key) => [key, lookUp(key)] as const);
  const parsed = settingsSchema.safeParse(
    Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== '')),
  );
  if (!parsed.success)
    throw new InvalidContextError(`CDK context (cdk.json or -c): ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
