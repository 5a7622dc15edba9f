import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SharedResources, type SharedResourcesProps } from '../constructs/shared-resources.ts';
import { secretCommands } from './secret-commands.ts';

/** The stack that every service's stack depends on. */
export class SharedStack extends Stack {
  readonly resources: SharedResources;

  constructor(scope: Construct, id: string, shared: SharedResourcesProps = {}, props: StackProps = {}) {
    super(scope, id, {
      description: 'serverless-gitlab-runner: network, cluster, event bus, manager, fleets',
      ...props,
    });
    this.resources = new SharedResources(this, 'Shared', shared);
    this.exportForServices();
    this.addOutputs();
  }

  /**
   * Exported whether or not a service's stack is synthesised too, so that this template does not depend on which service is
   * deployed, and a service deployed alone finds its imports.
   */
  private exportForServices(): void {
    const { clusterArn, clusterName, eventBusArn, eventBusName } = this.resources;
    for (const value of [clusterArn, clusterName, eventBusArn, eventBusName]) this.exportValue(value);
  }

  private addOutputs(): void {
    const { resources } = this;
    const outputs: Record<string, string> = {
      ClusterArn: resources.clusterArn,
      ClusterName: resources.clusterName,
      EventBusName: resources.eventBusName,
      ManagerLogGroup: resources.managerLogGroup.logGroupName,
      ParameterPrefix: resources.parameterPrefix,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
    for (const { name, gitlabApi } of resources.fleets) {
      const commands = secretCommands(resources.parameterPrefix, name);
      const id = outputId(name);
      const own = resources.fleetResources.get(name);
      if (own) {
        new CfnOutput(this, `JobLogGroup${id}`, { value: own.jobLogGroup.logGroupName });
        new CfnOutput(this, `LostWebhooks${id}`, { value: own.lostWebhooks });
        new CfnOutput(this, `ManagerRole${id}`, {
          value: own.managerRole.roleArn,
          description: `Role that a custom cache role of fleet ${name} must trust`,
        });
      }
      new CfnOutput(this, `WebhookSecretCommand${id}`, {
        value: commands.webhookSecret,
        description: `Creates the webhook secret of fleet ${name}`,
      });
      new CfnOutput(this, `RunnerTokenCommand${id}`, {
        value: commands.runnerToken,
        description: `Stores the runner token of fleet ${name}`,
      });
      if (gitlabApi === undefined) continue;
      new CfnOutput(this, `ApiTokenCommand${id}`, {
        value: commands.apiToken,
        description: `Stores the token for GitLab's API of fleet ${name}`,
      });
    }
  }
}

/** `linux-arm` becomes `LinuxArm`: an output's name has only letters and digits. */
function outputId(fleet: string): string {
  return fleet
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
