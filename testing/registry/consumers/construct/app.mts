/** A CDK app with the construct and no property. */
import { ServerlessGitlabRunner } from '@serverless-gitlab-runner/infra';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';

const app = new App({ outdir: 'cdk.out' });
const stack = new Stack(app, 'Scratch');
const runner = new ServerlessGitlabRunner(stack, 'Runner');
new CfnOutput(stack, 'WebhookUrl', { value: runner.webhookReceiver.url });
app.synth();
