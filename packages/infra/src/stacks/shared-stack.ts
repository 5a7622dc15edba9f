import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SharedResources, type SharedResourcesProps } from '../constructs/shared-resources.ts';
import { addSharedOutputs } from './outputs.ts';

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
    addSharedOutputs(this, this.resources);
  }

  /**
   * Exported whether or not a service's stack is synthesised too, so that this template does not depend on which service is
   * deployed, and a service deployed alone finds its imports.
   */
  private exportForServices(): void {
    const { clusterArn, clusterName, eventBusArn, eventBusName } = this.resources;
    for (const value of [clusterArn, clusterName, eventBusArn, eventBusName]) this.exportValue(value);
  }
}
