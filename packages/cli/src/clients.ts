import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';

/** Clients with the SDK's default credentials, region and endpoints. */
export interface Clients {
  cloudFormation: CloudFormationClient;
  ecs: ECSClient;
  logs: CloudWatchLogsClient;
  sqs: SQSClient;
  ssm: SSMClient;
}

export function createClients(): Clients {
  return {
    cloudFormation: new CloudFormationClient(),
    ecs: new ECSClient(),
    logs: new CloudWatchLogsClient(),
    sqs: new SQSClient(),
    ssm: new SSMClient(),
  };
}
