/** What stacks tell users and `sgr` about an installation: their outputs. */
import { CfnOutput, type Stack } from 'aws-cdk-lib';
import type { IdleReaper } from '../constructs/idle-reaper.ts';
import type { RunnerLauncher } from '../constructs/runner-launcher.ts';
import type { SharedResources } from '../constructs/shared-resources.ts';
import type { WebhookReceiver } from '../constructs/webhook-receiver.ts';
import { secretCommands } from './secret-commands.ts';

export function addSharedOutputs(stack: Stack, resources: SharedResources): void {
  addOutputs(stack, {
    ClusterArn: resources.clusterArn,
    ClusterName: resources.clusterName,
    EventBusName: resources.eventBusName,
    ManagerLogGroup: resources.managerLogGroup.logGroupName,
    ParameterPrefix: resources.parameterPrefix,
  });
  for (const { name, gitlabApi } of resources.fleets) {
    const commands = secretCommands(resources.parameterPrefix, name);
    const id = outputId(name);
    const own = resources.fleetResources.get(name);
    if (own) {
      new CfnOutput(stack, `JobLogGroup${id}`, { value: own.jobLogGroup.logGroupName });
      new CfnOutput(stack, `LostWebhooks${id}`, { value: own.lostWebhooks });
      new CfnOutput(stack, `ManagerRole${id}`, {
        value: own.managerRole.roleArn,
        description: `Role that a custom cache role of fleet ${name} must trust`,
      });
    }
    new CfnOutput(stack, `WebhookSecretCommand${id}`, {
      value: commands.webhookSecret,
      description: `Creates the webhook secret of fleet ${name}`,
    });
    new CfnOutput(stack, `RunnerTokenCommand${id}`, {
      value: commands.runnerToken,
      description: `Stores the runner token of fleet ${name}`,
    });
    if (gitlabApi === undefined) continue;
    new CfnOutput(stack, `ApiTokenCommand${id}`, {
      value: commands.apiToken,
      description: `Stores the token for GitLab's API of fleet ${name}`,
    });
  }
}

export function addReceiverOutputs(stack: Stack, service: WebhookReceiver): void {
  new CfnOutput(stack, 'WebhookUrl', {
    value: service.url,
    description: 'URL for GitLab; add ?fleet=<name> for a fleet other than "default"',
  });
  addOutputs(stack, {
    WebhookReceiverFunction: service.function.functionName,
    WebhookReceiverLogGroup: service.function.logGroup.logGroupName,
  });
}

export function addLauncherOutputs(stack: Stack, service: RunnerLauncher): void {
  addOutputs(stack, {
    RunnerLauncherFunction: service.function.functionName,
    RunnerLauncherLogGroup: service.function.logGroup.logGroupName,
    QueueUrl: service.queue.queueUrl,
    LauncherDeadLettersUrl: service.deadLetters.queueUrl,
  });
}

export function addReaperOutputs(stack: Stack, service: IdleReaper): void {
  addOutputs(stack, {
    IdleReaperFunction: service.function.functionName,
    IdleReaperLogGroup: service.function.logGroup.logGroupName,
    ReaperDeadLettersUrl: service.deadLetters.queueUrl,
  });
}

function addOutputs(stack: Stack, outputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}

/** `linux-arm` becomes `LinuxArm`: an output's name has only letters and digits. */
function outputId(fleet: string): string {
  return fleet
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
