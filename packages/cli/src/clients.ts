import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';

/** Clients with the SDK's default credentials, region and endpoints. */
export interface Clients {
  cloudFormation: CloudFormationClient;
  ec2: EC2Client;
  ecs: ECSClient;
  eventBridge: EventBridgeClient;
  iam: IAMClient;
  lambda: LambdaClient;
  logs: CloudWatchLogsClient;
  scheduler: SchedulerClient;
  sqs: SQSClient;
  ssm: SSMClient;
  sts: STSClient;
}

export function createClients(): Clients {
  return {
    cloudFormation: new CloudFormationClient(),
    ec2: new EC2Client(),
    ecs: new ECSClient(),
    eventBridge: new EventBridgeClient(),
    iam: new IAMClient(),
    lambda: new LambdaClient(),
    logs: new CloudWatchLogsClient(),
    scheduler: new SchedulerClient(),
    // An emulator may name its queues by another host than its endpoint.
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
    ssm: new SSMClient(),
    sts: new STSClient(),
  };
}
