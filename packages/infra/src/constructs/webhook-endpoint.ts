import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { FunctionUrlAuthType, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { knownRegion, REGIONS_WITHOUT_FUNCTION_URLS } from './regions.ts';

/** What GitLab's webhooks call: the function's own URL, which costs nothing, or an HTTP API of API Gateway ($1 a million requests). */
export type WebhookEndpoint = 'function-url' | 'http-api';

/** The endpoint that the region of a stack allows; a function URL where nothing tells the region. */
export function endpointOfRegion(scope: Construct): WebhookEndpoint {
  return REGIONS_WITHOUT_FUNCTION_URLS.includes(knownRegion(scope) ?? '') ? 'http-api' : 'function-url';
}

/**
 * Opens a function to the internet. No IAM in front: GitLab cannot sign for it, so the function checks the webhook's secret itself.
 * @returns the URL, with the slash at its end
 */
export function openEndpoint(scope: Construct, receiver: IFunction, endpoint: WebhookEndpoint): string {
  if (endpoint === 'function-url') return receiver.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
  const api = new HttpApi(scope, 'Api', {
    description: "serverless-gitlab-runner: GitLab's webhooks",
    // The same event as a function URL's: payload format 2.0, CDK's default.
    defaultIntegration: new HttpLambdaIntegration('Receiver', receiver),
  });
  return `${api.apiEndpoint}/`;
}
