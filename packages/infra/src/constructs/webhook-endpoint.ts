import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { FunctionUrlAuthType, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { knownRegion, REGIONS_WITHOUT_FUNCTION_URLS } from './regions.ts';

/**
 * Endpoint of GitLab's webhooks: the function's own URL, which is free, or an HTTP API of API Gateway ($1 per million requests).
 */
export type WebhookEndpoint = 'function-url' | 'http-api';

/** The endpoint that a stack's region supports; a function URL if the region is unknown. */
export function endpointOfRegion(scope: Construct): WebhookEndpoint {
  return REGIONS_WITHOUT_FUNCTION_URLS.includes(knownRegion(scope) ?? '') ? 'http-api' : 'function-url';
}

/**
 * Opens a function to the internet, without IAM: GitLab cannot sign requests for it, so the function checks the webhook's secret.
 * @returns the URL, with a trailing slash
 */
export function openEndpoint(scope: Construct, receiver: IFunction, endpoint: WebhookEndpoint): string {
  if (endpoint === 'function-url') return receiver.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
  const api = new HttpApi(scope, 'Api', {
    description: "serverless-gitlab-runner: GitLab's webhooks",
    // Payload format 2.0 (CDK's default) is the event of a function URL.
    defaultIntegration: new HttpLambdaIntegration('Receiver', receiver),
  });
  return `${api.apiEndpoint}/`;
}
