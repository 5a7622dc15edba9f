import {
  type Architecture,
  DEFAULT_PARAMETER_PREFIX,
  type FargatePrices,
  fargatePricesSchema,
} from '@serverless-gitlab-runner/fleet';
import { fleetNameSchema } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';

/** Treats an empty variable as unset, because CloudFormation and shells may set variables to an empty string. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const environmentSchema = z.object({
  /** ARN of the ECS cluster that job tasks run in. */
  CLUSTER: z.string().min(1),
  /** Name or ARN of the event bus. */
  EVENT_BUS_NAME: z.string().min(1),
  /** Name of this manager's fleet. */
  FLEET: fleetNameSchema,
  /** Image of the job tasks' helper container. */
  HELPER_IMAGE: z.string().min(1),
  /** The same for job tasks on ARM64. Default: HELPER_IMAGE, which may be a multi-architecture image. */
  HELPER_IMAGE_ARM64: optional(z.string()),
  /** Execution role of job tasks. */
  JOB_EXECUTION_ROLE_ARN: z.string().startsWith('arn:'),
  /** CloudWatch log group of the helper's and the services' diagnostics. Default: none, they are discarded. */
  JOB_LOG_GROUP: optional(z.string()),
  /** First part of SSM parameter names. */
  PARAMETER_PREFIX: optional(z.string().startsWith('/')),
  /** SecureString with the runner token. Default: the fleet's. */
  RUNNER_TOKEN_PARAMETER: optional(z.string().startsWith('/')),
  /** Fargate's prices in this region, as JSON (`fargatePricesSchema`). Default: from `packages/fleet`, if it knows the region. */
  FARGATE_PRICES: optional(z.string().transform(parsePrices)),
  LOG_LEVEL: optional(z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])),
  /** The SDK's variables for custom endpoints. */
  AWS_ENDPOINT_URL: optional(z.string()),
  AWS_ENDPOINT_URL_ECS: optional(z.string()),
  AWS_ENDPOINT_URL_S3: optional(z.url({ protocol: /^https?$/ })),
  /** Set by ECS: the task's metadata endpoint. */
  ECS_CONTAINER_METADATA_URI_V4: z.url(),
  /** Folder of sockets, keys and the runner's configuration. Default `/run/runner-manager`. */
  STATE_FOLDER: optional(z.string().startsWith('/')),
  /** Port of `gitlab-runner`'s metrics, reachable inside this task only. Default 9252. */
  METRICS_PORT: optional(z.coerce.number().int().min(1).max(65_535)),
  /** Folder of the hook scripts. Default `/usr/local/lib/runner-manager/hooks`. */
  HOOKS_FOLDER: optional(z.string().startsWith('/')),
});

function parsePrices(text: string, context: z.RefinementCtx): FargatePrices {
  try {
    return fargatePricesSchema.parse(JSON.parse(text));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : 'not JSON';
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  }
}

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** The parsed environment of the manager's container. */
export interface Environment {
  cluster: string;
  eventBusName: string;
  fleet: string;
  /** Image of the helper, by architecture of the job task. */
  helperImages: Readonly<Record<Architecture, string>>;
  jobExecutionRoleArn: string;
  jobLogGroup: string | undefined;
  parameterPrefix: string;
  runnerTokenParameter: string | undefined;
  /** Prices of this region, if the installation sets them. */
  fargatePrices: FargatePrices | undefined;
  logLevel: LogLevel;
  metadataUri: string;
  /** Whether the endpoint is AWS itself, so that there is a console to link to. */
  isAws: boolean;
  /** URL of an S3 that is not AWS's. The cache then uses path-style addresses. */
  s3Endpoint: string | undefined;
  stateFolder: string;
  metricsPort: number;
  hooksFolder: string;
  /** Environment that programs started by the manager inherit: nothing for AWS or of this project. */
  inherited: Readonly<Record<string, string>>;
}

/** A variable of the container is missing or invalid. The message names it. */
export class InvalidEnvironmentError extends Error {
  override readonly name = 'InvalidEnvironmentError';
}

/** The variables that `gitlab-runner`, `ssh` and the hooks need: where programs are, and how to reach GitLab. */
const INHERITED =
  /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY)$/;

/**
 * Parses the container's environment.
 * @throws {InvalidEnvironmentError}
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const parsed = environmentSchema.safeParse(variables);
  if (!parsed.success) {
    throw new InvalidEnvironmentError(
      `the manager's task definition or override is invalid: ${z.prettifyError(parsed.error)}`,
    );
  }
  const read = parsed.data;
  return {
    cluster: read.CLUSTER,
    eventBusName: read.EVENT_BUS_NAME,
    fleet: read.FLEET,
    helperImages: { X86_64: read.HELPER_IMAGE, ARM64: read.HELPER_IMAGE_ARM64 ?? read.HELPER_IMAGE },
    jobExecutionRoleArn: read.JOB_EXECUTION_ROLE_ARN,
    jobLogGroup: read.JOB_LOG_GROUP,
    parameterPrefix: read.PARAMETER_PREFIX ?? DEFAULT_PARAMETER_PREFIX,
    runnerTokenParameter: read.RUNNER_TOKEN_PARAMETER,
    fargatePrices: read.FARGATE_PRICES,
    logLevel: read.LOG_LEVEL ?? 'INFO',
    metadataUri: read.ECS_CONTAINER_METADATA_URI_V4,
    isAws: read.AWS_ENDPOINT_URL === undefined && read.AWS_ENDPOINT_URL_ECS === undefined,
    s3Endpoint: read.AWS_ENDPOINT_URL_S3 ?? read.AWS_ENDPOINT_URL,
    stateFolder: read.STATE_FOLDER ?? '/run/runner-manager',
    metricsPort: read.METRICS_PORT ?? 9252,
    hooksFolder: read.HOOKS_FOLDER ?? '/usr/local/lib/runner-manager/hooks',
    inherited: inheritedOf(variables),
  };
}

function inheritedOf(variables: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && INHERITED.test(name)) kept[name] = value;
  }
  return kept;
}
