import { existsSync } from 'node:fs';
import { logGroupNames, type ServiceName } from '@serverless-gitlab-runner/fleet';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { productFile } from '../product-files.ts';

/** Options of every service's Lambda. */
export interface ServiceOptions {
  /** @default the package's bundle, `packages/<service>/dist` */
  readonly code?: Code;
  /** @default 512: more memory means more CPU, and a shorter cold start */
  readonly memorySize?: number;
  /** @default Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /** @default none: the function shares the account's concurrency */
  readonly reservedConcurrentExecutions?: number;
  /** @default RetentionDays.TWO_WEEKS */
  readonly logRetention?: RetentionDays;
  /** Powertools' log level. @default INFO */
  readonly logLevel?: string;
  /** Additional variables; they do not override the service's own. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ServiceFunctionProps {
  readonly service: ServiceName;
  readonly parameterPrefix: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
  readonly options: ServiceOptions;
}

/** The service's bundle does not exist. */
export class MissingBundleError extends Error {
  override readonly name = 'MissingBundleError';
}

/** A service's Lambda with its own log group, and a role with the given statements. */
export class ServiceFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { service, options } = props;
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: logGroupNames(props.parameterPrefix).service(service),
      retention: options.logRetention ?? RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${service} may do`,
    });
    logGroup.grantWrite(role);
    for (const statement of props.statements) role.addToPolicy(statement);
    const { reservedConcurrentExecutions } = options;
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: options.architecture ?? Architecture.ARM_64,
      code: options.code ?? bundleOf(service),
      handler: 'index.handler',
      memorySize: options.memorySize ?? 512,
      timeout: props.timeout,
      ...(reservedConcurrentExecutions === undefined ? {} : { reservedConcurrentExecutions }),
      role,
      logGroup,
      environment: {
        LOG_LEVEL: options.logLevel ?? 'INFO',
        ...options.environment,
        ...props.environment,
        POWERTOOLS_SERVICE_NAME: service,
      },
    });
  }
}

/**
 * The bundle that the service's package builds.
 * @throws {MissingBundleError}
 */
function bundleOf(service: ServiceName): Code {
  const directory = productFile(`packages/${service}/dist`);
  if (!existsSync(directory)) {
    throw new MissingBundleError(`${directory} does not exist: run \`npx nx build ${service}\` first`);
  }
  return Code.fromAsset(directory);
}
