import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { boundedClientOptions } from '@serverless-gitlab-runner/aws/calls';

export interface AwsClients {
  ecs: ECSClient;
  events: EventBridgeClient;
  logs: CloudWatchLogsClient;
  secrets: SecretsManagerClient;
  ssm: SSMClient;
  sts: STSClient;
}

/** Creates the manager's clients. Region, credentials and endpoint come from the SDK's default chain. */
export function createAwsClients(): AwsClients {
  // ECS throttles bursts of RunTask and RegisterTaskDefinition, so these need many attempts with growing pauses.
  const ecs = new ECSClient(boundedClientOptions({ maxAttempts: 8, requestTimeoutMs: 15_000 }));
  const others = boundedClientOptions({ maxAttempts: 5, requestTimeoutMs: 10_000 });
  return {
    ecs,
    events: new EventBridgeClient(others),
    logs: new CloudWatchLogsClient(others),
    secrets: new SecretsManagerClient(others),
    ssm: new SSMClient(others),
    sts: new STSClient(others),
  };
}
