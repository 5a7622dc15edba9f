import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SSMClient } from '@aws-sdk/client-ssm';
import { boundedClientOptions } from '@serverless-gitlab-runner/aws-calls';

export interface AwsClients {
  ecs: ECSClient;
  events: EventBridgeClient;
  ssm: SSMClient;
}

/** Clients of the manager. Region, credentials and endpoint come from the SDK's own chain. */
export function createAwsClients(): AwsClients {
  // ECS throttles RunTask and RegisterTaskDefinition by bursts: many tries with growing pauses get through.
  const ecs = new ECSClient(boundedClientOptions({ maxAttempts: 8, requestTimeoutMs: 15_000 }));
  const others = boundedClientOptions({ maxAttempts: 5, requestTimeoutMs: 10_000 });
  return { ecs, events: new EventBridgeClient(others), ssm: new SSMClient(others) };
}
