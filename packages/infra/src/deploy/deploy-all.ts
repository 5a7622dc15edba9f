import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import { describeStack, isUsable } from '@serverless-gitlab-runner/aws/stacks';
import { ALL_STACKS, SHARED_STACK } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { emulatorEnvironment } from './emulator-environment.ts';
import { runCdk } from './run-cdk.ts';
import { runDeployment } from './run-deployment.ts';
import { ensureServiceLinkedRole } from './service-linked-role.ts';

export { DeployError } from './run-cdk.ts';

export interface DeployOptions {
  /** Endpoint of the AWS emulator. Default: AWS itself, with the SDK's own configuration. */
  readonly endpoint?: string;
  /** Region for the emulator. Default `us-east-1`. */
  readonly region?: string;
  /** CDK context of the app (see README): strings unchanged, everything else as JSON. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Command of the CDK app. Default: this package's app. */
  readonly app?: string;
  /** Whether to bootstrap the account and region for CDK. Default: only an emulator. */
  readonly bootstrap?: boolean;
  /** Receives progress line by line: a few lines per stack, and failures. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

const deployOutputsSchema = z.object({
  WebhookUrl: z.url(),
  WebhookReceiverFunction: z.string(),
  RunnerLauncherFunction: z.string(),
  IdleReaperFunction: z.string(),
  QueueUrl: z.string(),
  LauncherDeadLettersUrl: z.string(),
  ReaperDeadLettersUrl: z.string(),
  ClusterArn: z.string(),
  ClusterName: z.string(),
  EventBusName: z.string(),
  ManagerLogGroup: z.string(),
  ParameterPrefix: z.string(),
});

/** Outputs of all stacks that programs use. */
export type DeployOutputs = z.infer<typeof deployOutputsSchema>;

/**
 * Deploys every stack with the CDK CLI, synthesising once. Needs the Lambdas' bundles (`nx build`).
 * @throws {DeployError} if CDK fails; an `AbortError` if `signal` ends it
 */
export async function deployAll(options: DeployOptions): Promise<DeployOutputs> {
  const directory = await mkdtemp(join(tmpdir(), 'serverless-gitlab-runner-deploy-'));
  const assembly = join(directory, 'cdk.out');
  const outputsFile = join(directory, 'outputs.json');
  const { endpoint, region, signal, app, context } = options;
  const environment = endpoint === undefined ? {} : emulatorEnvironment(endpoint, region);
  const log = (line: string) => {
    if (isProgress(line)) options.log(line.trim());
  };
  const run = (args: readonly string[]) =>
    runCdk([...args, '--no-color', '--no-notices'], { environment, log, signal });
  try {
    const appArguments = app === undefined ? [] : ['--app', app];
    await run(['synth', '--quiet', '--output', assembly, ...appArguments, ...contextArguments(context)]);
    if (options.bootstrap ?? endpoint !== undefined) await run(['bootstrap', '--app', assembly]);
    const clients = clientsFor(endpoint, region);
    if (!isUsable(await describeStack(clients.cloudFormation, SHARED_STACK)))
      await ensureServiceLinkedRole(clients.iam, options.log, signal);
    const deploy = () =>
      run([
        ...['deploy', '--all', '--app', assembly, '--outputs-file', outputsFile],
        ...[
          '--require-approval',
          'never',
          '--method',
          'direct',
          '--concurrency',
          '4',
          '--progress',
          'events',
        ],
      ]);
    await runDeployment(deploy, { ...clients, stacks: ALL_STACKS, log: options.log, signal });
    return deployOutputsSchema.parse(mergeStacks(await readFile(outputsFile, 'utf8')));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function clientsFor(endpoint: string | undefined, region = 'us-east-1') {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const configuration = endpoint === undefined ? {} : { endpoint, region, credentials };
  return { cloudFormation: new CloudFormationClient(configuration), iam: new IAMClient(configuration) };
}

/** Whether a line is about a whole stack or a failure; CDK also prints one or two lines for each resource. */
function isProgress(line: string): boolean {
  return /^\s*[✅❌✨]|: (deploying|destroying)|_FAILED|[Ee]rror\b/u.test(line);
}

const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

function mergeStacks(outputs: string): Record<string, string> {
  return Object.assign({}, ...Object.values(outputsSchema.parse(JSON.parse(outputs))));
}

function contextArguments(context: Readonly<Record<string, unknown>> = {}): string[] {
  return Object.entries(context).flatMap(([key, value]) => [
    '--context',
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
}
