import {
  DEFAULT_MANAGER_SIZE,
  DEFAULT_PARAMETER_PREFIX,
  fargatePricesSchema,
} from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { fleetInputSchema } from './fleet-props.ts';

/** On the command line (`-c key=value`) every value is a string, which is parsed as JSON; cdk.json contains the value itself. */
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
  /** The VPC. */
  vpcId: z.string().startsWith('vpc-'),
  /** Subnets of managers and jobs. */
  subnets: z.array(z.string().startsWith('subnet-')).min(1),
  /** Whether tasks get a public IPv4 address. Default false. */
  assignPublicIp: z.boolean().default(false),
});

const cacheSchema = z.strictObject({
  /** An existing bucket, which keeps its own settings. Default: a new one. */
  bucketName: z.string().min(3).optional(),
  /** Days after which a cache is deleted that was not written again. Default 30. */
  expireDays: z.int().min(1).max(3650).optional(),
  /** Alarm threshold: size of the bucket in GiB. Default 500. */
  sizeAlarmGib: z.int().min(1).optional(),
});

const budgetSchema = z.strictObject({
  /** The amount of a month, in USD. */
  monthlyUsd: z.number().positive(),
  /** Address that is notified. Default none. */
  email: z.email().optional(),
});

/** The app's settings in CDK's context; every key is optional. */
export const settingsSchema = z.object({
  /** The fleets. Default: one named `default` for https://gitlab.com. */
  fleets: json(z.array(fleetInputSchema).min(1)).default([{ name: 'default' }]),
  /** Name of the manager's image. Default: the released one, or built from `images/runner`. */
  runnerImage: z.string().min(1).optional(),
  /**
   * Name of the helper's image. Default: the released one, or built from `images/job-base` for the architectures that the fleets'
   * jobs may use.
   */
  jobBaseImage: z.string().min(1).optional(),
  /** The same for jobs on ARM64. Default: `jobBaseImage` if set, else built. */
  jobBaseImageArm64: z.string().min(1).optional(),
  /** Prefix of the names of parameters and log groups; cluster and bus are named after it. */
  parameterPrefix: z
    .string()
    .regex(/^(\/[A-Za-z0-9_.-]+)+$/, 'begins with a slash and does not end with one')
    .default(DEFAULT_PARAMETER_PREFIX),
  /** Existing network; `network` of a fleet replaces it. Default: a new VPC with public subnets. */
  network: json(networkSchema).optional(),
  /** CPU units of a manager's task. */
  managerCpu: z.coerce.number().int().default(DEFAULT_MANAGER_SIZE.cpu),
  /**
   * MiB of a manager's task. 20 jobs use 150; one job whose Vault server (`secrets: vault`) answers with 100 MiB makes
   * `gitlab-runner` use 621.
   */
  managerMemoryMiB: z.coerce.number().int().default(DEFAULT_MANAGER_SIZE.memory),
  /** Architecture of managers. */
  managerArchitecture: z.enum(['X86_64', 'ARM64']).default('X86_64'),
  /**
   * Fargate's prices in the region, for job logs and events: `{ X86_64: { vcpu, gib }, ARM64: { vcpu, gib } }`, USD an hour.
   * Default: known prices.
   */
  fargatePrices: json(fargatePricesSchema).optional(),
  /** Additional variables of managers, for example a proxy's. */
  managerEnvironment: json(z.record(z.string(), z.string())).default({}),
  /**
   * TCP ports that managers may reach in addition to those that settings name, for example 8200 for a Vault server. Default none.
   */
  managerEgressPorts: json(z.array(z.int().min(1).max(65_535)).max(40)).default([]),
  /** ECR repositories whose images jobs may name: names (`*` allowed) in this account, or ARNs. Default none. */
  jobImageRepositories: json(z.array(z.string().min(1))).default([]),
  /**
   * Mirrors through which jobs' images are pulled. ECR pull-through caches among them may be pulled from and filled, by every fleet.
   * Default: those of the fleets.
   */
  jobImageMirrors: json(z.array(z.string().min(1))).optional(),
  /**
   * The jobs' cache on S3: `bucketName` of an existing bucket, or `expireDays` (30) and `sizeAlarmGib` (500) of a new one (`{}`).
   * Default none.
   */
  cache: json(cacheSchema).optional(),
  /**
   * Endpoint of GitLab's webhooks. An HTTP API of API Gateway costs $1 per million webhooks. Default `function-url`, or `http-api` in
   * regions without function URLs (China, GovCloud and the newer ones).
   */
  webhookEndpoint: z.enum(['function-url', 'http-api']).optional(),
  /**
   * Whether a fleet's document of more than 4,096 characters may be an advanced parameter, of at most 8,192 characters, at $0.05
   * a month and $0.05 for 10,000 reads. Default false: such a document is rejected.
   */
  advancedFleetDocuments: json(z.boolean()).default(false),
  /** Reserved concurrency of the webhook's Lambda: limits the load that strangers can cause. Default none. */
  webhookConcurrency: z.coerce.number().int().positive().optional(),
  /** A CloudWatch dashboard: three are free in an account, each further one costs $3 a month. Default true. */
  dashboard: json(z.boolean()).default(true),
  /**
   * The events' schemas in a registry of EventBridge, for code bindings of consumers. Free; some regions have no registries.
   * Default false.
   */
  schemaRegistry: json(z.boolean()).default(false),
  /** ARN of the SNS topic for alarms. Default none. */
  alarmTopicArn: z.string().startsWith('arn:').optional(),
  /** Alarm threshold: MiB logged within an hour by managers, or by one fleet's job tasks. */
  loggedMibAlarm: z.coerce.number().positive().default(1024),
  /**
   * A monthly budget of the account; it notifies `email`, the topic `alarmTopicArn` (whose policy must let `budgets.amazonaws.com`
   * publish), or both. Default none.
   */
  budget: json(budgetSchema).optional(),
  /** Of Lambdas and managers. */
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  /** Services to synthesise, in addition to the shared stack. Default all three. */
  services: json(z.array(serviceNameSchema)).default(['webhook-receiver', 'runner-launcher', 'idle-reaper']),
});

export type AppSettings = z.infer<typeof settingsSchema> & {
  /** The settings as written, without defaults: what another deployment needs to repeat this one. */
  readonly given: Readonly<Record<string, unknown>>;
};

/** A key of CDK's context has an invalid value. The message names the key. */
export class InvalidContextError extends Error {
  override readonly name = 'InvalidContextError';
}

/**
 * Reads the app's settings.
 * @param readContext CDK's `tryGetContext`
 * @throws {InvalidContextError}
 * @throws {InvalidFleetConfigError} if one of the fleets is invalid
 */
export function readSettings(readContext: (key: string) => unknown): AppSettings {
  const entries = Object.keys(settingsSchema.shape).map((key) => [key, readContext(key)] as const);
  const given = Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success)
    throw new InvalidContextError(`CDK context (cdk.json or -c): ${z.prettifyError(parsed.error)}`);
  const { services: _, ...written } = given;
  const data: Readonly<Record<string, unknown>> = parsed.data;
  return {
    ...parsed.data,
    given: Object.fromEntries(
      Object.entries(written).map(([key, value]) => [key, asWritten(value, data[key])]),
    ),
  };
}

/** A document without the defaults that its parsed form has; a number or a name as parsed. */
function asWritten(value: unknown, parsed: unknown): unknown {
  const isDocument = typeof parsed === 'object' && parsed !== null;
  if (!isDocument) return parsed;
  return typeof value === 'string' ? parseJson(value) : value;
}
