import type { Logger } from '@aws-lambda-powertools/logger';
import {
  type Certificate,
  certificatesText,
  type FleetConfig,
  fargatePricesOf,
  fleetSecretsPath,
  InvalidCertificatesError,
  parameterNames,
  parseCertificates,
  parseFleetConfig,
  taskIdOf,
} from '@serverless-gitlab-runner/fleet';
import { createAheadTasks } from '../ahead/ahead-tasks.ts';
import { createReadImageDigests } from '../ahead/image-digests.ts';
import type { Environment } from '../environment.ts';
import type { ExecutorContext } from '../executor-context.ts';
import { createProjectShares } from '../job/plan/project-shares.ts';
import { awaitPort } from '../job/start/await-port.ts';
import type { EventPublisher } from '../publish-events.ts';
import { createEcrLogin } from '../registry/ecr-login.ts';
import { createImageConfigReader } from '../registry/image-config-reader.ts';
import { createContainerLog } from '../task/container-log.ts';
import { createSecretLeases, maxLeaseAgeMsOf } from '../task/lease-secrets.ts';
import { createTaskDefinitionRegistry } from '../task/register-task-definition.ts';
import { createTaskWatcher } from '../task/watch-tasks.ts';
import type { AwsClients } from './aws-clients.ts';
import { readOwnTaskArn } from './own-task.ts';
import { readOptionalParameter, readParameter } from './read-parameter.ts';

/** A manager's fleet, runner token and own task. */
export interface ManagerIdentity {
  fleet: FleetConfig;
  token: string;
  taskArn: string;
  /** Certificates (PEM) of the authorities that GitLab's may be signed by, besides public ones; undefined: none. */
  authorities: string | undefined;
}

/** Reads this manager's identity. @throws when a parameter is missing or invalid; the message names it */
export async function readIdentity(environment: Environment, { ssm }: AwsClients): Promise<ManagerIdentity> {
  const names = parameterNames(environment.parameterPrefix, environment.fleet);
  const [taskArn, document, token, authorities] = await Promise.all([
    readOwnTaskArn(environment.metadataUri),
    readParameter(ssm, names.config),
    readParameter(ssm, environment.runnerTokenParameter ?? names.runnerToken),
    readOptionalParameter(ssm, names.certificateAuthorities),
  ]);
  return {
    fleet: parseFleetConfig(names.config, document),
    token: token.trim(),
    taskArn,
    authorities: authorities && certificatesText(readAuthorities(names.certificateAuthorities, authorities)),
  };
}

/** @throws {InvalidCertificatesError} naming the parameter */
function readAuthorities(parameter: string, text: string): Certificate[] {
  try {
    return parseCertificates(text);
  } catch (error) {
    if (!(error instanceof InvalidCertificatesError)) throw error;
    throw new InvalidCertificatesError(`SSM parameter ${parameter}: ${error.message}`, { cause: error });
  }
}

/** Creates what serving jobs needs. */
export async function createContext(
  environment: Environment,
  { fleet, taskArn }: ManagerIdentity,
  { ecs, logs, secrets }: AwsClients,
  publish: EventPublisher,
  logger: Logger,
): Promise<ExecutorContext> {
  const { cluster } = environment;
  const region = await ecs.config.region();
  const ecrLogin = createEcrLogin();
  const context = {
    fleet,
    managerTaskArn: taskArn,
    stateFolder: environment.stateFolder,
    inherited: environment.inherited,
    awaitPort,
    runTask: { ecs, cluster, startedBy: taskIdOf(taskArn), fleet },
    taskDefinition: {
      fleet: fleet.name,
      helperImages: environment.helperImages,
      executionRoleArn: environment.jobExecutionRoleArn,
      logGroup: environment.jobLogGroup,
      shipsServiceOutput: fleet.job.shipServiceOutput,
      region,
    },
    taskDefinitions: createTaskDefinitionRegistry(ecs),
    secretLeases: createSecretLeases({
      client: secrets,
      path: fleetSecretsPath(environment.parameterPrefix, fleet.name),
      fleet: fleet.name,
      maxLeaseAgeMs: maxLeaseAgeMsOf(fleet),
      logger,
    }),
    imageConfigs: createImageConfigReader({ gitlabUrl: fleet.gitlabUrl, ecrLogin }),
    projectShares: createProjectShares(fleet),
    watcher: createTaskWatcher({ ecs, cluster, logger }),
    containerLog: createContainerLog(logs, environment.jobLogGroup, logger),
    pricing: {
      ...fargatePricesOf(region, environment.fargatePrices),
      region,
      hasPublicIp: fleet.network.assignPublicIp,
    },
    hasConsole: environment.isAws,
    publish,
    logger,
  };
  const readImageDigests = createReadImageDigests({ fleet, ecrLogin });
  const ahead = fleet.ahead.start === 'off' ? undefined : createAheadTasks({ ...context, readImageDigests });
  return { ...context, ahead };
}
