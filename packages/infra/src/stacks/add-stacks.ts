import { type ServiceName, SHARED_STACK, serviceStack } from '@serverless-gitlab-runner/fleet';
import type { App } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { AppSettings } from '../app-settings.ts';
import type { JobCacheProps } from '../constructs/job-cache.ts';
import type { BudgetProps } from '../constructs/monthly-budget.ts';
import type { NetworkProps } from '../constructs/network.ts';
import type { SharedResourcesProps } from '../constructs/shared-resources.ts';
import { IdleReaperStack, RunnerLauncherStack, WebhookReceiverStack } from './service-stacks.ts';
import { SettingsParameters } from './settings-parameters.ts';
import { SharedStack } from './shared-stack.ts';

export interface AddStacksOptions {
  /** Code of a service's Lambda. Default: the package's bundle. */
  readonly codeOf?: (service: ServiceName) => Code;
}

/** Adds the shared stack and the selected services' stacks to an app. */
export function addStacks(app: App, settings: AppSettings, options: AddStacksOptions = {}): void {
  const shared = new SharedStack(app, SHARED_STACK, sharedProps(settings));
  new SettingsParameters(shared, 'Settings', settings);
  for (const service of settings.services) addServiceStack(app, shared, service, settings, options);
}

function addServiceStack(
  app: App,
  shared: SharedStack,
  service: ServiceName,
  settings: AppSettings,
  options: AddStacksOptions,
): void {
  const id = serviceStack(service);
  const props = {
    installation: shared.resources,
    logLevel: settings.logLevel,
    alarmActions: alarmActions(settings.alarmTopicArn),
    ...(options.codeOf === undefined ? {} : { code: options.codeOf(service) }),
  };
  switch (service) {
    case 'webhook-receiver':
      new WebhookReceiverStack(app, id, {
        ...props,
        ...concurrency(settings.webhookConcurrency),
        ...(settings.webhookEndpoint === undefined ? {} : { endpoint: settings.webhookEndpoint }),
      });
      return;
    case 'runner-launcher':
      new RunnerLauncherStack(app, id, props);
      return;
    case 'idle-reaper':
      new IdleReaperStack(app, id, props);
  }
}

function sharedProps(settings: AppSettings): SharedResourcesProps {
  const { network, runnerImage, jobBaseImage, jobBaseImageArm64, jobImageMirrors, cache, budget, ...rest } =
    settings;
  return {
    fleets: rest.fleets,
    parameterPrefix: rest.parameterPrefix,
    managerCpu: rest.managerCpu,
    managerMemoryMiB: rest.managerMemoryMiB,
    managerArchitecture: rest.managerArchitecture,
    managerEnvironment: rest.managerEnvironment,
    managerEgressPorts: rest.managerEgressPorts,
    jobImageRepositories: rest.jobImageRepositories,
    logLevel: rest.logLevel,
    loggedMibAlarm: rest.loggedMibAlarm,
    dashboard: rest.dashboard,
    schemaRegistry: rest.schemaRegistry,
    advancedFleetDocuments: rest.advancedFleetDocuments,
    alarmActions: alarmActions(rest.alarmTopicArn),
    ...(budget === undefined ? {} : { budget: budgetProps(budget, rest.alarmTopicArn) }),
    ...(jobImageMirrors === undefined ? {} : { jobImageMirrors }),
    ...(rest.fargatePrices === undefined ? {} : { fargatePrices: rest.fargatePrices }),
    ...(cache === undefined ? {} : { cache: cacheProps(cache) }),
    ...(runnerImage === undefined ? {} : { runnerImage }),
    ...(jobBaseImage === undefined ? {} : { jobBaseImage }),
    ...(jobBaseImageArm64 === undefined ? {} : { jobBaseImageArm64 }),
    ...(network === undefined ? {} : { network: existingNetwork(network) }),
  };
}

function cacheProps({
  bucketName,
  expireDays,
  sizeAlarmGib,
}: NonNullable<AppSettings['cache']>): JobCacheProps {
  return {
    ...(bucketName === undefined ? {} : { bucketName }),
    ...(expireDays === undefined ? {} : { expireDays }),
    ...(sizeAlarmGib === undefined ? {} : { sizeAlarmGib }),
  };
}

function budgetProps(
  { monthlyUsd, email }: NonNullable<AppSettings['budget']>,
  topicArn: string | undefined,
): BudgetProps {
  return {
    monthlyUsd,
    ...(email === undefined ? {} : { email }),
    ...(topicArn === undefined ? {} : { topicArn }),
  };
}

/** Only ids of an existing network are needed, so nothing is looked up in the account. */
function existingNetwork({
  vpcId,
  subnets,
  assignPublicIp,
}: NonNullable<AppSettings['network']>): NetworkProps {
  return { vpc: { vpcId, publicSubnets: [], privateSubnets: [] }, subnetIds: subnets, assignPublicIp };
}

function alarmActions(alarmActionArn: string | undefined): IAlarmAction[] {
  return alarmActionArn === undefined ? [] : [{ bind: () => ({ alarmActionArn }) }];
}

function concurrency(reservedConcurrentExecutions: number | undefined) {
  return reservedConcurrentExecutions === undefined ? {} : { reservedConcurrentExecutions };
}
