/**
 * The CDK app, run by the CDK CLI: `cdk -a "node packages/infra/src/app.ts"`; of the published package
 * `cdk -a "node node_modules/@serverless-gitlab-runner/infra/dist/app.mjs"`, in a folder whose `cdk.json` has the settings.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Tags } from 'aws-cdk-lib';
import { readSettings } from './app-settings.ts';
import { PACKAGE_DIRECTORY } from './product-files.ts';
import { addStacks } from './stacks/add-stacks.ts';

// This package's own feature flags, since it may run in a folder with another cdk.json, whose settings come first.
const { context } = JSON.parse(readFileSync(join(PACKAGE_DIRECTORY, 'cdk.json'), 'utf8'));
const app = new App({ context });
addStacks(
  app,
  readSettings((key) => app.node.tryGetContext(key)),
);
Tags.of(app).add('project', 'serverless-gitlab-runner');
