/** The CDK app, run by the CDK CLI: `cdk -a "node packages/infra/src/app.ts"`. */
import { App, Tags } from 'aws-cdk-lib';
import { readSettings } from './app-settings.ts';
import { addStacks } from './stacks/add-stacks.ts';

const app = new App();
addStacks(
  app,
  readSettings((key) => app.node.tryGetContext(key)),
);
Tags.of(app).add('project', 'serverless-gitlab-runner');
