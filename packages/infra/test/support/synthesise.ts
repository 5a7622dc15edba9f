import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import * as z from 'zod';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { readSettings } from '../../src/app-settings.ts';
import { addStacks } from '../../src/stacks/add-stacks.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export type Context = Readonly<Record<string, unknown>>;

/** Named images, so that no test builds one. */
const IMAGES = { runnerImage: 'registry.test/runner:1', jobBaseImage: 'registry.test/job-base:1' };

/** The app's CDK feature flags. */
const { context: flags } = z.object({ context: z.record(z.string(), z.unknown()) }).parse(cdkJson);

/** The app with its stacks, from the same context that `cdk.json` or `-c` would give it. */
export function makeApp(context: Context = {}): App {
  const settings = { ...flags, ...IMAGES, ...context };
  const app = new App({ context: settings, outdir: temporaryDirectory() });
  addStacks(
    app,
    readSettings((key) => app.node.tryGetContext(key)),
    { codeOf: bundle },
  );
  return app;
}

/** Replaces the bundle that `nx build` creates. */
export function bundle(): Code {
  return Code.fromAsset(fileURLToPath(new URL('../fixtures/bundle', import.meta.url)));
}

/** Templates of the app's stacks, by the suffix of their names: `shared`, `webhook-receiver`, … */
export function synthesise(context: Context = {}): Record<string, Template> {
  const { stacks } = makeApp(context).synth();
  return Object.fromEntries(
    stacks.map((stack) => [
      stack.stackName.replace('serverless-gitlab-runner-', ''),
      Template.fromJSON(stack.template),
    ]),
  );
}

/** One stack's template. */
export function stackOf(name: string, context: Context = {}): Template {
  const template = synthesise(context)[name];
  if (template === undefined) throw new Error(`the app has no stack ${name}`);
  return template;
}
