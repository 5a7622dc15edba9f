import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { textOf } from './support/resolve.ts';
import { roleStatements } from './support/statements.ts';
import { type Context, makeApp } from './support/synthesise.ts';

const assetsSchema = z.object({
  dockerImages: z.record(
    z.string(),
    z.object({ source: z.object({ directory: z.string(), platform: z.string() }) }),
  ),
});

/** The shared stack. Its helper images are built unless the context names them. */
function shared(context: Context) {
  const settings = { services: [], jobBaseImage: '', ...context };
  const { directory, stacks } = makeApp(settings).synth();
  const [stack] = stacks;
  if (stack === undefined) throw new Error('there is no stack');
  const template = Template.fromJSON(stack.template);
  const file = join(directory, `${stack.stackName}.assets.json`);
  const { dockerImages } = assetsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const [definition] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
  const variables: { Name: string; Value: unknown }[] =
    definition?.Properties.ContainerDefinitions[0].Environment;
  const textOfVariable = (name: string) => textOf(variables.find(({ Name }) => Name === name)?.Value);
  return {
    template,
    platforms: Object.values(dockerImages).map(({ source }) => source.platform),
    images: [textOfVariable('HELPER_IMAGE'), textOfVariable('HELPER_IMAGE_ARM64')],
  };
}

const withJobs = (...jobs: object[]) => ({
  fleets: jobs.map((job, index) => ({ name: `fleet-${index}`, job })),
});
const BOTH = { architectures: ['X86_64', 'ARM64'] };
const X86_ONLY = { architectures: ['X86_64'] };
const ARM_ONLY = { architecture: 'ARM64', architectures: ['ARM64'] };

describe("the helper's images", () => {
  it.each<[string, Context, string[]]>([
    ['fleets set nothing', {}, ['linux/amd64']],
    ['the one fleet has jobs on ARM64', withJobs({ architecture: 'ARM64' }), ['linux/arm64']],
    [
      'fleets have different defaults',
      withJobs({}, { architecture: 'ARM64' }),
      ['linux/amd64', 'linux/arm64'],
    ],
    ['jobs may request both', withJobs(BOTH), ['linux/amd64', 'linux/arm64']],
    ['no job may request ARM64', withJobs(X86_ONLY), ['linux/amd64']],
    ['all jobs run on ARM64', withJobs(ARM_ONLY, ARM_ONLY), ['linux/arm64']],
    ['fleets allow different ones', withJobs(X86_ONLY, ARM_ONLY), ['linux/amd64', 'linux/arm64']],
    [
      'the default is one that jobs may not request',
      withJobs({ architectures: ['ARM64'] }),
      ['linux/amd64', 'linux/arm64'],
    ],
    ['the one for ARM64 is named', { jobBaseImageArm64: 'helper:arm' }, ['linux/amd64']],
  ])('are built for the architectures that jobs may use if %s', (_when, context, platforms) => {
    const { platforms: built, images } = shared(context);
    expect(built.sort()).toEqual(platforms);
    const areTwo = platforms.length > 1 || 'jobBaseImageArm64' in context;
    expect(new Set(images).size).toBe(areTwo ? 2 : 1);
  });

  it.each([
    ['one for both architectures', {}, 'helper:both'],
    ['one for each', { jobBaseImageArm64: 'helper:arm' }, 'helper:arm'],
  ])('may be named: %s', (_what, context, arm) => {
    const { platforms, images } = shared({ jobBaseImage: 'helper:both', ...context });
    expect(platforms).toEqual([]);
    expect(images).toEqual(['helper:both', arm]);
  });

  it('may be pulled by job tasks, with one statement each', () => {
    const pulls = roleStatements(shared(withJobs(BOTH)).template).filter(
      ({ role, actions }) =>
        role.startsWith('Pulls the images of the jobs') && actions.includes('ecr:BatchGetImage'),
    );
    expect(pulls.map(({ resources }) => resources)).toEqual([[expect.stringContaining('container-assets')]]);
  });

  it.each<[string, Context, string[]]>([
    ['the built architecture if they are built', {}, ['X86_64']],
    ['both if they are named', { jobBaseImage: 'helper:both' }, ['X86_64', 'ARM64']],
  ])('determine which architectures jobs may request by default: %s', (_, context, architectures) => {
    const [parameter] = Object.values(shared(context).template.findResources('AWS::SSM::Parameter'));
    const document = textOf(parameter?.Properties.Value);
    expect(document).toContain(`"architectures":${JSON.stringify(architectures)}`);
  });
});
