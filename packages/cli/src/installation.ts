import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { describeStack, outputsOf } from '@serverless-gitlab-runner/aws/stacks';
import { ALL_STACKS, SHARED_STACK, SINGLE_STACK, serviceStack } from '@serverless-gitlab-runner/fleet';
import { NotInstalledError } from './not-installed-error.ts';

/** Where the parts of an installation are, from the outputs of its stacks. */
export interface Installation {
  region: string;
  /** ARN. */
  cluster: string;
  parameterPrefix: string;
  eventBusName: string;
  /** The receiver's, without a query. */
  webhookUrl: string;
  queueUrl: string;
  deadLetterUrls: { launcher: string; reaper: string };
  /** Name of the Lambda idle-reaper. */
  reaperFunction: string;
  /** Names of the log groups; `jobs` are the containers', of which each fleet has one. */
  logGroups: { receiver: string; launcher: string; reaper: string; managers: string; jobs: string[] };
}

/** The installation's stacks: the one of the plain template if there is one, else those of the app. */
export async function installationStacks(client: CloudFormationClient): Promise<readonly string[]> {
  return (await describeStack(client, SINGLE_STACK)) === undefined ? ALL_STACKS : [SINGLE_STACK];
}

/** @throws {NotInstalledError} and CloudFormation's errors */
export async function findInstallation(client: CloudFormationClient): Promise<Installation> {
  const region = await client.config.region();
  const single = await describeStack(client, SINGLE_STACK);
  const read = async (part: string) => {
    const stack = single ? SINGLE_STACK : part;
    const outputs = outputsOf(single ?? (await describeStack(client, part)));
    const required = (name: string) => {
      const value = outputs.get(name);
      if (value !== undefined) return value;
      const problem =
        outputs.size === 0 ? 'is not deployed' : `lacks the output ${name}: it is of an older version`;
      throw new NotInstalledError(
        `${stack} ${problem} in ${region}. Choose account and region with AWS_PROFILE and AWS_REGION, or deploy with \`npm run deploy\`.`,
      );
    };
    return Object.assign(required, { outputs });
  };
  const [shared, receiver, launcher, reaper] = await Promise.all([
    read(SHARED_STACK),
    read(serviceStack('webhook-receiver')),
    read(serviceStack('runner-launcher')),
    read(serviceStack('idle-reaper')),
  ]);
  return {
    region,
    cluster: shared('ClusterArn'),
    parameterPrefix: shared('ParameterPrefix'),
    eventBusName: shared('EventBusName'),
    webhookUrl: receiver('WebhookUrl'),
    queueUrl: launcher('QueueUrl'),
    deadLetterUrls: { launcher: launcher('LauncherDeadLettersUrl'), reaper: reaper('ReaperDeadLettersUrl') },
    reaperFunction: reaper('IdleReaperFunction'),
    logGroups: {
      receiver: receiver('WebhookReceiverLogGroup'),
      launcher: launcher('RunnerLauncherLogGroup'),
      reaper: reaper('IdleReaperLogGroup'),
      managers: shared('ManagerLogGroup'),
      jobs: [...shared.outputs].flatMap(([name, value]) => (name.startsWith('JobLogGroup') ? value : [])),
    },
  };
}
