import { randomBytes } from 'node:crypto';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type Emulator, emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { type DeployOutputs, deployAll, type FleetProps } from '@serverless-gitlab-runner/infra';
import { HOST_ARCHITECTURE, type Log, step } from '@serverless-gitlab-runner/machine';
import type { PreparedMachine } from './prepare-machine.ts';
import { reachableUrl } from './reachable-url.ts';

const FLEET = 'default';

export interface DeploySystemOptions {
  log: Log;
  machine: PreparedMachine;
  emulator: Emulator;
  /** GitLab's base URL as containers reach it. */
  gitlabUrl: string;
  runnerToken: string;
  /** API token of a fleet with `gitlabApi`. Default: none. */
  apiToken?: string;
  /** Settings that differ from a fleet's defaults. */
  fleet?: Omit<FleetProps, 'name' | 'gitlabUrl'>;
  /** Further fleets of the same GitLab. `openFleet` writes their secrets. Default: none. */
  otherFleets?: readonly Omit<FleetProps, 'gitlabUrl'>[];
  /** Deploys the stacks. Default: those of this tree. */
  deploy?: typeof deployAll;
  signal?: AbortSignal;
}

/** The deployed system, with the clients and secrets to use and watch it. */
export interface System {
  fleet: string;
  /** The webhook's URL as the host reaches it, with the fleet in its query. */
  webhookUrl: string;
  webhookSecret: string;
  defaultImage: string;
  outputs: DeployOutputs;
  ecs: ECSClient;
  ssm: SSMClient;
  logs: CloudWatchLogsClient;
}

/** Deploys every stack with the real CDK, and stores the secrets as an operator would. */
export async function deploySystem(options: DeploySystemOptions): Promise<System> {
  const { machine, emulator, gitlabUrl, log, deploy = deployAll } = options;
  const { defaultJob, manager, helper, helperArm64 } = machine.images;
  const fleets = [{ ...options.fleet, name: FLEET }, ...(options.otherFleets ?? [])].map(
    (fleet): FleetProps => ({
      ...fleet,
      gitlabUrl,
      job: { defaultImage: defaultJob, architecture: HOST_ARCHITECTURE, ...fleet.job },
    }),
  );
  const client = emulatorClient(emulator.endpoint);
  const outputs = await step(log, 'Deploying the stacks with CDK', (inner) =>
    deploy({
      endpoint: emulator.endpoint,
      region: client.region,
      context: {
        fleets,
        cache: {},
        managerArchitecture: HOST_ARCHITECTURE,
        runnerImage: manager,
        jobBaseImage: helper,
        ...(helperArm64 === undefined ? {} : { jobBaseImageArm64: helperArm64 }),
      },
      log: inner,
      ...(options.signal ? { signal: options.signal } : {}),
    }),
  );
  const ssm = new SSMClient(client);
  const webhookSecret = randomBytes(24).toString('base64url');
  const names = parameterNames(outputs.ParameterPrefix, FLEET);
  await putSecret(ssm, names.webhookSecret, webhookSecret);
  await putSecret(ssm, names.runnerToken, options.runnerToken);
  if (options.apiToken !== undefined) await putSecret(ssm, names.apiToken, options.apiToken);
  return {
    fleet: FLEET,
    webhookUrl: reachableUrl(`${outputs.WebhookUrl}?fleet=${FLEET}`, emulator),
    webhookSecret,
    defaultImage: defaultJob,
    outputs,
    ecs: new ECSClient(client),
    ssm,
    logs: new CloudWatchLogsClient(client),
  };
}

async function putSecret(ssm: SSMClient, name: string, value: string): Promise<void> {
  await ssm.send(
    new PutParameterCommand({ Name: name, Value: value, Type: 'SecureString', Overwrite: true }),
  );
}
