import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { IdleReaper, type IdleReaperProps } from '../constructs/idle-reaper.ts';
import { RunnerLauncher, type RunnerLauncherProps } from '../constructs/runner-launcher.ts';
import { WebhookReceiver, type WebhookReceiverProps } from '../constructs/webhook-receiver.ts';
import { addLauncherOutputs, addReaperOutputs, addReceiverOutputs } from './outputs.ts';

/** The stack of webhook-receiver, with the webhook's URL. */
export class WebhookReceiverStack extends Stack {
  readonly service: WebhookReceiver;

  constructor(scope: Construct, id: string, service: WebhookReceiverProps, props: StackProps = {}) {
    super(scope, id, { description: 'serverless-gitlab-runner: GitLab webhook in, events out', ...props });
    this.service = new WebhookReceiver(this, 'WebhookReceiver', service);
    addReceiverOutputs(this, this.service);
  }
}

/** The stack of runner-launcher. */
export class RunnerLauncherStack extends Stack {
  readonly service: RunnerLauncher;

  constructor(scope: Construct, id: string, service: RunnerLauncherProps, props: StackProps = {}) {
    super(scope, id, { description: 'serverless-gitlab-runner: queued jobs in, managers out', ...props });
    this.service = new RunnerLauncher(this, 'RunnerLauncher', service);
    addLauncherOutputs(this, this.service);
  }
}

/** The stack of idle-reaper. */
export class IdleReaperStack extends Stack {
  readonly service: IdleReaper;

  constructor(scope: Construct, id: string, service: IdleReaperProps, props: StackProps = {}) {
    super(scope, id, { description: 'serverless-gitlab-runner: drains and stops', ...props });
    this.service = new IdleReaper(this, 'IdleReaper', service);
    addReaperOutputs(this, this.service);
  }
}
