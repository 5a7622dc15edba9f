import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { REGIONS_WITHOUT_BUDGETS, REGIONS_WITHOUT_FUNCTION_URLS } from '../src/constructs/regions.ts';
import { inRegion } from './support/in-region.ts';
import { knownRegions, lintTemplates, scanPolicies } from './support/python-linters.ts';
import { type Context, makeApp } from './support/synthesise.ts';

/** All that the app makes, but the budget, which has no resource type in many regions. */
const CONTEXT: Context = {
  cache: {},
  webhookConcurrency: 5,
  alarmTopicArn: 'arn:aws:sns:eu-west-1:111122223333:on-call',
  jobImageRepositories: ['team/*'],
  jobImageMirrors: ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub'],
  fleets: [{ name: 'default' }, { name: 'a-b', gitlabApi: { projects: ['group/project'] } }],
};
const BUDGET = { ...CONTEXT, budget: { monthlyUsd: 10, email: 'ops@example.com' } };

/** What cfn-lint finds and stays, by a part of the finding, and why. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['W3005', 'CDK names the dependency on a role beside the reference to it; it changes nothing'],
];

/** What cloudsplaining finds and stays. */
const ACCEPTED_POLICIES: readonly (readonly [string, string])[] = [
  [
    'JobExecutionRole: credentials exposure: ecr:GetAuthorizationToken',
    'logging in to ECR is what pulling an image takes; the token opens what the role may pull, and no container has the role',
  ],
];

/** Regions where nothing of this can run: without Fargate, or not for the public. */
const ELSEWHERE = /^(us-iso|eu-isoe)/;
let regions: string[] = [];

beforeAll(() => {
  regions = knownRegions().filter((region) => !ELSEWHERE.test(region));
}, 300_000);

interface Synthesised {
  files: string[];
  templates: Record<string, unknown>;
}

function synthesise(context: Context, region: string): Synthesised {
  const { directory, stacks } = inRegion(region, () => makeApp(context).synth());
  return {
    files: stacks.map(({ templateFile }) => join(directory, templateFile)),
    templates: Object.fromEntries(stacks.map(({ stackName, template }) => [stackName, template])),
  };
}

/** Findings that nobody accepted, and reasons that are for no finding. */
function against(accepted: typeof ACCEPTED, findings: readonly string[]) {
  return {
    unaccepted: findings.filter((finding) => !accepted.some(([part]) => finding.includes(part))),
    needless: accepted.filter(([part]) => !findings.some((finding) => finding.includes(part))),
  };
}

const nothing = { unaccepted: [], needless: [] };

describe('cfn-lint', { timeout: 300_000 }, () => {
  it('finds nothing in any template, in any region that has function URLs', () => {
    const { files } = synthesise(CONTEXT, 'us-east-1');
    const those = regions.filter((region) => !REGIONS_WITHOUT_FUNCTION_URLS.includes(region));
    expect(those.length).toBeGreaterThan(20);
    expect(against(ACCEPTED, lintTemplates(files, those))).toEqual(nothing);
  });

  it('finds nothing in any template, in any region that has none', () => {
    const { files } = synthesise(CONTEXT, 'cn-north-1');
    expect(against(ACCEPTED, lintTemplates(files, REGIONS_WITHOUT_FUNCTION_URLS))).toEqual(nothing);
  });

  it('finds nothing in a budget, in any region that has them', () => {
    const { files } = synthesise(BUDGET, 'us-east-1');
    const those = regions.filter(
      (region) =>
        !REGIONS_WITHOUT_BUDGETS.includes(region) && !REGIONS_WITHOUT_FUNCTION_URLS.includes(region),
    );
    expect(against(ACCEPTED, lintTemplates(files, those))).toEqual(nothing);
  });

  it('would find what a region lacks', () => {
    const { files } = synthesise(BUDGET, 'us-east-1');
    const findings = lintTemplates(files, ['us-gov-west-1']).filter((finding) => finding.includes('E3006'));
    expect(findings.map((finding) => finding.replace(/^.*?: /, ''))).toEqual([
      "E3006: Resource type 'AWS::Budgets::Budget' does not exist in 'us-gov-west-1'",
      "E3006: Resource type 'AWS::Lambda::Url' does not exist in 'us-gov-west-1'",
    ]);
  });
});

const resourcesSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});

function policiesOf(templates: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.values(templates).flatMap((template) =>
      Object.entries(resourcesSchema.parse(template).Resources)
        .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
        .map(([id, { Properties }]) => [
          id.replace(/DefaultPolicy[0-9A-F]{8}$/, ''),
          Properties?.PolicyDocument,
        ]),
    ),
  );
}

describe('cloudsplaining', { timeout: 300_000 }, () => {
  it('finds nothing in any policy of a role that is not accepted for a reason', () => {
    const policies = policiesOf(synthesise(CONTEXT, 'us-east-1').templates);
    expect(Object.keys(policies).length).toBeGreaterThan(8);
    expect(against(ACCEPTED_POLICIES, scanPolicies(policies))).toEqual(nothing);
  });

  it('would find a role that may give itself more', () => {
    const Statement = [{ Effect: 'Allow', Action: 'iam:PutRolePolicy', Resource: '*' }];
    const findings = scanPolicies({ wide: { Version: '2012-10-17', Statement } });
    expect(findings).toContain('wide: permissions management without constraint: iam:PutRolePolicy');
  });
});
