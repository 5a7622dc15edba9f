/**
 * The values of the shared resources that services need. `SharedResources` implements it; other stacks get the values through
 * CloudFormation exports.
 */
export interface Installation {
  /** First part of every SSM parameter's name; begins with a slash and does not end with one. */
  readonly parameterPrefix: string;
  readonly clusterArn: string;
  readonly clusterName: string;
  readonly eventBusArn: string;
  readonly eventBusName: string;
}
