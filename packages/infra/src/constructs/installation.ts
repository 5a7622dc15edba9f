/**
 * What the services must know of the shared part. `SharedResources` is one; a stack of its own sees it through
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
