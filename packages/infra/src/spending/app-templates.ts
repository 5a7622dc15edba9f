import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import * as z from 'zod';
import { readSettings } from '../app-settings.ts';
import { addStacks } from '../stacks/add-stacks.ts';

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const templateSchema = z.object({ Resources: z.record(z.string(), resourceSchema) });

/** A resource of a template, whose properties are not resolved. */
export type Resource = z.infer<typeof resourceSchema>;

/** Named images, so that none is built. */
const CONTEXT = { runnerImage: 'runner', jobBaseImage: 'job-base' };

/** All resources that the app deploys with these settings. Nothing is built and no bundle is needed. */
export function resourcesOf(context: Readonly<Record<string, unknown>> = {}): Resource[] {
  const settings: Readonly<Record<string, unknown>> = { ...CONTEXT, ...context };
  const app = new App();
  addStacks(
    app,
    readSettings((key) => settings[key]),
    { codeOf: () => Code.fromInline('exports.handler = () => {};') },
  );
  return app
    .synth()
    .stacks.flatMap(({ template }) => Object.values(templateSchema.parse(template).Resources));
}
