import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { IdleReaper, type IdleReaperProps } from '../constructs/idle-reaper.ts';
import { RunnerLauncher, type RunnerLauncherProps } from '../constructs/runner-launcher.ts';
import { WebhookReceiver, type WebhookReceiverProps } from '../constructs/webhook-receiver.ts';

/** The stack of webhook-receiver, with the webhook's URL. */
export class WebhookReceiverStack extends Stack {
  readonly service: WebhookReceiver;

  constructor(scope: Construct, id: string, service: WebhookReceiverProps, props: StackProps = {}) {
    super(scope, id, { description: 'serverless-gitlab-runner: GitLab webhook in, events out', ...props });
    this.service = new WebhookReceiver(this, 'WebhookReceiver', service);
    new CfnOutput(this, 'WebhookUrl', {
      value: this.service.url,
      description: 'URL for GitLab; add ?fleet=<name> for a fleet other than "default"',
    });
    new CfnOutput(this, 'WebhookReceiverFunction', { value: this.service.function.functionName });
    new CfnOutput(this, 'WebhookReceiverLogGroup', { value: this.service.function.logGroup.logGroupName });
  }
}

/** The stack of runner-launcher. */
export class RunnerLauncherStack extends Stack {
  readonly service: RunnerLauncher;

  constructor(scope: Construct, id: string, service: RunnerLauncherProps, props: StackProps = {}) {
    super(scope, id, { description: 'serverless-gitlab-runner: queued jobs in, managers out', ...props });
    this.service = new RunnerLauncher(this, 'RunnerLauncher', service);
    new CfnOutput(this, 'RunnerLauncherFunction', { value: this.service.function.functionName });
    new CfnOutput(this, 'RunnerLauncherLogGroup', { value: this.service.function.logGroup.logGroupName });
    new CfnOutput(this, 'QueueUrl', { value: this.service.queue.queueUrl });
    new CfnOutput(this, 'LauncherDeadLettersUrl', { value: this.service.deadLetters.queueUrl });
  }
}

/** The stack of idle-reaper. */
export class IdleReaperStack extends Stack {
  readonly service: IdleReaper;

  constructor(scope: Construct, id: string, service: IdleReaperProps, props: StackProps = {}) {
    super(scope, id, { description: 'serverless-gitlab-runner: drains and stops', ...props });
    this.service = new IdleReaper(this, 'IdleReaper', service);
    new CfnOutput(this, 'IdleReaperFunction', { value: this.service.function.functionName });
    new CfnOutput(this, 'IdleReaperLogGroup', { value: this.service.function.logGroup.logGroupName });
    new CfnOutput(this, 'ReaperDeadLettersUrl', { value: this.service.deadLetters.queueUrl });
  }
}
