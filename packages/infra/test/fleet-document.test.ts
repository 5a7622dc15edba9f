import { InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { stackOf } from './support/synthesise.ts';

/** A fleet whose document is longer by about this many characters. */
const longer = (characters: number) => ({
  fleets: [
    {
      name: 'default',
      job: { registryMirrors: { 'docker.io': 'registry.example.com/docker-hub' } },
      runner: {
        tagList: Array.from({ length: Math.ceil(characters / 100) }, (_, index) =>
          `${index}`.padEnd(97, '-'),
        ),
      },
    },
  ],
});
const configs = (context: object) => documents(context).map(({ Properties }) => Properties.Tier);
const documents = (context: object) =>
  Object.values(
    stackOf('shared', { ...context }).findResources('AWS::SSM::Parameter', {
      Properties: { Name: Match.stringLikeRegexp('/config$') },
    }),
  );

describe("a fleet's document", () => {
  it('is a standard parameter', () => {
    expect(configs({})).toEqual([undefined]);
    expect(configs({ ...longer(1000), advancedFleetDocuments: true })).toEqual([undefined]);
  });

  it('that is too long for a standard parameter is rejected at synthesis, with a solution', () => {
    expect(() => configs(longer(3000))).toThrow(InvalidFleetConfigError);
    expect(() => configs(longer(3000))).toThrow(
      /"default".*\d{4} characters.*4096.*runner\.tagList.*\$0\.05.*advancedFleetDocuments/,
    );
  });

  it('is an advanced parameter if that is allowed, up to 8,192 characters', () => {
    expect(configs({ ...longer(3000), advancedFleetDocuments: 'true' })).toEqual(['Advanced']);
    expect(() => configs({ ...longer(8000), advancedFleetDocuments: true })).toThrow(/8192.*two fleets/);
  });

  it('is measured with the ids and names that replace references in CloudFormation', () => {
    const measured = Array.from({ length: 8 }, (_, index) => {
      const context = { ...longer(2200 + 100 * index), cache: {}, advancedFleetDocuments: true };
      const [parameter] = documents(context);
      const parts: unknown[] = parameter?.Properties.Value['Fn::Join'][1];
      const literal = parts.filter((part) => typeof part === 'string').join('');
      return { isShortWithoutThem: literal.length <= 4096, tier: parameter?.Properties.Tier };
    });
    expect(measured).toContainEqual({ isShortWithoutThem: true, tier: 'Advanced' });
  });
});
